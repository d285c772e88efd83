import sys

import pytest

from vits.config import FrontendConfig
from vits.errors import MissingExtraError
from vits.text import Frontend, SymbolTable
from vits.text.aligned import AlignedText
from vits.text.graphemes import romanize as module

TEXTS = """\
Привет, как дела? Сегодня хороший день.
Ελληνικά: καλημέρα κόσμε, τι κάνεις;
مرحبا بالعالم، كيف حالك؟
שלום עולם, מה שלומך היום?
नमस्ते दुनिया, आप कैसे हैं?
হ্যালো বিশ্ব, কেমন আছো?
வணக்கம் உலகம், எப்படி இருக்கிறீர்கள்?
హలో ప్రపంచం ఎలా ఉన్నారు
ಹಲೋ ಪ್ರಪಂಚ ಹೇಗಿದ್ದೀರಿ
ഹലോ ലോകം സുഖമാണോ
สวัสดีชาวโลก สบายดีไหม
ສະບາຍດີ ໂລກ
မင်္ဂလာပါ ကမ္ဘာကြီး
ជំរាបសួរ ពិភពលោក
გამარჯობა მსოფლიო
Բարեւ աշխարհ, ինչպե՞ս ես
你好，世界。今天天气很好。
こんにちは、世界！お元気ですか。
안녕하세요 세계, 잘 지내세요?
ሰላም ለዓለም፣ እንዴት ነህ?
Çok güzel, teşekkür ederim; şöyle böyle.
༄༅། བཀྲ་ཤིས་བདེ་ལེགས།
ආයුබෝවන් ලෝකය
ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਦੁਨੀਆ
નમસ્તે દુનિયા
ସ୍ୱାଗତ ଦୁନିଆ
Монгол хэл сайхан хэл, 123 ба ١٢٣ ५६
ꀊꐎꉬ ᐃᓄᒃᑎᑐᑦ ᏣᎳᎩ
你好 abc 世界
٣ كتب
𝔸 ١٢٣ ॐ
ひらがな カタカナ
é ﬁne № ½
"""
LETTERS = "_abcdefghijklmnopqrstuvwxyz '-"


@pytest.fixture
def frontend():
    config = FrontendConfig(
        backend="graphemes", language="kor", normalize=False, clean="unknown", romanize=True
    )
    return Frontend(config, SymbolTable((*LETTERS,)))


def test_ascii_needs_no_uroman(frontend, monkeypatch):
    monkeypatch.setitem(sys.modules, "uroman", None)
    monkeypatch.setattr(module, "_uroman", module._uroman.__wrapped__)
    assert frontend.encode("Annyeong").phonemes == "annyeong"
    with pytest.raises(MissingExtraError, match=r"pip install 'vits\[uroman\]'"):
        frontend.encode("안녕")


@pytest.mark.slow
def test_the_text_is_that_of_uroman_and_knows_its_place():
    uroman = pytest.importorskip("uroman", reason="pip install 'vits[uroman]'")
    _, loaded = module._uroman()
    for text in TEXTS.splitlines():
        found = module.romanize(AlignedText(text))
        assert found.text == loaded.romanize_string(text)
        assert found.text != text
        spans = [found.span(i, i + 1) for i in range(len(found))]
        assert spans == sorted(spans)  # letters at either end may be silent
        assert (spans[0][0], spans[-1][1]) == (0, len(text)) or text[0] == "༄" or text[-1] == "း"
    assert uroman.RomFormat.EDGES


@pytest.mark.slow
def test_words_of_another_script_are_found_again(frontend):
    pytest.importorskip("uroman", reason="pip install 'vits[uroman]'")
    found = frontend.encode("안녕 세계")
    assert found.phonemes.isascii()
    assert [word.source for word in found.words] == [(0, 2), (3, 5)]
