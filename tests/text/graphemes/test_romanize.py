import sys

import pytest

from vits.config import FrontendConfig
from vits.errors import MissingExtraError
from vits.text import Frontend, SymbolTable
from vits.text.aligned import AlignedText
from vits.text.graphemes import romanize as module

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
    for text in (
        "안녕하세요, 세계!",
        "你好 abc 世界",
        "привет мир",
        "٣ كتب",
        "𝔸 ١٢٣ ॐ",
        "ひらがな カタカナ",
    ):
        found = module.romanize(AlignedText(text))
        assert found.text == loaded.romanize_string(text)
        assert found.text != text
        spans = [found.span(i, i + 1) for i in range(len(found))]
        assert spans[0][0] == 0
        assert spans[-1][1] == len(text)
        assert spans == sorted(spans)
    assert uroman.RomFormat.EDGES


@pytest.mark.slow
def test_words_of_another_script_are_found_again(frontend):
    pytest.importorskip("uroman", reason="pip install 'vits[uroman]'")
    found = frontend.encode("안녕 세계")
    assert found.phonemes.isascii()
    assert [word.source for word in found.words] == [(0, 2), (3, 5)]
