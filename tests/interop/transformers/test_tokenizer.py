"""Texts of many scripts: our ids are those of transformers' tokenizer, or better on purpose."""

import json
import logging

import pytest

from vits.audio._torchaudio import import_torchaudio
from vits.interop.carried_settings import CarriedSettings
from vits.interop.settings_reader import SettingsReader
from vits.interop.symbol_table import table_from_ids
from vits.interop.transformers.settings import read_tokenizer

BLANK = "ʘ"  # the first symbol; no sentence has it
# Two sentences of each language; their characters are its vocabulary, as MMS made its own.
SENTENCES = {
    "deu": ("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich", "Schöne Grüße"),
    "tur": ("Pijamalı hasta yağız şoföre çabucak güvendi", "İyi akşamlar, nasılsınız"),
    "vie": ("Tôi có thể ăn thủy tinh mà không hại gì", "Chúc mừng năm mới"),
    "ron": ("Muzicologă în bej vând whisky și tequila", "Țara noastră e frumoasă"),
    "yor": ("Mo lè jẹ gíláàsì, kò ní pa mí lára", "Ẹ káàárọ̀"),
    "rus": ("Съешь же ещё этих мягких французских булок", "Доброе утро"),
    "kaz": ("Мен шыны жей аламын, ол маған әсер етпейді", "Қайырлы таң"),
    "ell": ("Ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "Καλημέρα σας"),
    "hye": ("Կրնամ ապակի ուտել և ինծի անհանգիստ չըներ", "Բարի լույս"),
    "kat": ("მინას ვჭამ და არა მტკივა", "დილა მშვიდობისა"),
    "heb": ("אני יכול לאכול זכוכית וזה לא מזיק לי", "בוקר טוב"),
    "ara": ("أنا قادر على أكل الزجاج و هذا لا يؤلمني", "صباحُ الخير"),
    "fas": ("من می\u200cتوانم بدونِ احساس درد شيشه بخورم", "صبح بخیر"),
    "hin": ("मैं काँच खा सकता हूँ और मुझे उससे कोई चोट नहीं पहुंचती", "सुप्रभात दोस्तों"),
    "mar": ("मी काच खाऊ शकतो, मला ते दुखत नाही", "शुभ प्रभात"),
    "ben": ("আমি কাঁচ খেতে পারি, তাতে আমার কোনো ক্ষতি হয় না", "সুপ্রভাত"),
    "pan": ("ਮੈਂ ਗਲਾਸ ਖਾ ਸਕਦਾ ਹਾਂ ਅਤੇ ਇਸ ਨਾਲ ਮੈਨੂੰ ਕੋਈ ਤਕਲੀਫ਼ ਨਹੀਂ", "ਸ਼ੁਭ ਸਵੇਰ"),
    "guj": ("હું કાચ ખાઈ શકું છું અને તેનાથી મને દુખતું નથી", "સુપ્રભાત"),
    "tam": ("நான் கண்ணாடி சாப்பிடுவேன், அதனால் எனக்கு ஒரு கேடும் வராது", "காலை வணக்கம்"),
    "tel": ("నేను గాజు తినగలను అయినా నాకు యేమీ కాదు", "శుభోదయం"),
    "kan": ("ನಾನು ಗಾಜನ್ನು ತಿನ್ನಬಲ್ಲೆ ಮತ್ತು ಅದರಿಂದ ನನಗೆ ನೋವಾಗುವುದಿಲ್ಲ", "ಶುಭೋದಯ"),
    "mal": ("എനിക്ക് ഗ്ലാസ് തിന്നാം. അതെന്നെ വേദനിപ്പിക്കില്ല", "സുപ്രഭാതം"),
    "tha": ("ฉันกินกระจกได้ แต่มันไม่ทำให้ฉันเจ็บ", "สวัสดีตอนเช้า"),
    "lao": ("ຂອ້ຍກິນແກ້ວໄດ້ໂດຍທີ່ມັນບໍ່ໄດ້ເຮັດໃຫ້ຂອ້ຍເຈັບ", "ສະບາຍດີ"),
    "khm": ("ខ្ញុំអាចញុំកញ្ចក់បាន ដោយគ្មានបញ្ហារ", "អរុណសួស្តី"),
    "mya": ("ကျွန်တော် မှန်စားနိုင်တယ်။ ထိခိုက်မှု မရှိပါဘူး", "မင်္ဂလာပါ"),
    "bod": ("ཤེལ་སྒོ་ཟ་ནས་ང་ན་གི་མ་རེད", "བཀྲ་ཤིས་བདེ་ལེགས"),
    "amh": ("ሰማይ አይታረስ ንጉሥ አይከሰስ", "እንደምን አደሩ"),
    "kor": ("나는 유리를 먹을 수 있어요", "좋은 아침이에요"),
}
# What is written around them. Nothing but letters is in the vocabularies.
WRITTEN = ("{}", "{}.", "«{}»", "“{}”!", "({})", " {}\n", "{}\u200b…", "♪{}♪")
CASES = ("lower", "upper", "title")


@pytest.fixture(scope="module")
def transformers():
    import_torchaudio()  # transformers imports it too, and would fail on one built for CUDA
    found = pytest.importorskip("transformers", reason="transformers is not installed")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    return found


@pytest.fixture
def both(transformers, tmp_path, recwarn):
    """Build their tokenizer and our front end of a vocabulary; return what each keeps of a text."""

    def build(characters, language="und", blank=BLANK, **options):
        vocabulary = {c: i for i, c in enumerate(dict.fromkeys((blank, *characters)))}
        path = tmp_path / "vocab.json"
        path.write_text(json.dumps(vocabulary), encoding="utf-8")
        settings = {
            "language": language,
            "normalize": True,
            "phonemize": False,
            "pad_token": blank,
            "unk_token": "<unk>",
            **options,
        }
        theirs = transformers.VitsTokenizer(path, **settings)
        ours = read_tokenizer(
            table_from_ids(vocabulary, path), SettingsReader(settings, path), CarriedSettings()
        )
        names = list(vocabulary)

        def ids(text):
            return tuple(theirs(text)["input_ids"]), ours.encode(text, unknown="drop").ids

        def kept(text):
            return tuple("".join(names[i] for i in each[1::2]) for each in ids(text))

        return ids, kept

    return build


def letters(sentences):
    text = "".join(sentences).lower().replace("ț", "ţ")  # as MMS has it
    return [char for char in text if char not in ",."]


def test_the_list_is_long_enough():
    assert len(SENTENCES) * 2 * len(WRITTEN) >= 300


@pytest.mark.parametrize("language", SENTENCES)
def test_a_text_has_their_ids(both, language):
    ids, _ = both(letters(SENTENCES[language]), language)
    for sentence in SENTENCES[language]:
        for written in WRITTEN:
            text = written.format(sentence)
            theirs, ours = ids(text)
            assert ours == theirs, text
            assert len(ours) > len(sentence)
        for case in CASES:
            theirs, ours = ids(getattr(sentence, case)())
            assert ours == theirs, case


@pytest.mark.parametrize(
    ("characters", "text"),
    [
        ("a’b", "A’b"),
        ("a–b", "a–b"),
        ("ab «»", "«a» b"),
        ("ab…", "ab…"),
        ("a２b", "a２b"),
        ("a٣b", "a٣b"),
        ("ab—", "a—b"),
        ("ab()", "(a)b"),
        ("ab`", "a`b"),
        ("abß", "aẞb"),
        ("eab", "e\u0301ab"),
        ("e\u0301ab", "e\u0301ab"),
        ("eéab", "éab"),
        ("\u09dfক", "ক\u09df"),
        ("aB", "bBA"),
        ("ab-", "a-b--a"),
    ],
)
def test_what_the_vocabulary_holds_is_passed_as_it_is(both, characters, text):
    ids, _ = both(characters)
    theirs, ours = ids(text)
    assert ours == theirs


# Where ours keeps what theirs loses: characters, vocabulary, text, theirs, ours.
BETTER = {
    "a dropped dash leaves one space": ("ab ", "a – b", "a  b", "a b"),
    "spaces are one space": ("ab ", "a  b\tb", "a  bb", "a b b"),
    "a curly apostrophe is an apostrophe": ("abs'", "ab’s", "abs", "ab's"),
    "full-width letters and digits": ("ab1", "ａｂ１", "", "ab1"),
    "digits of other scripts": ("ab3", "ab٣", "ab", "ab3"),
    "an accented letter that only the parts spell": ("abe\u0301", "bé", "b", "be\u0301"),
    "an accent that only the whole letter spells": ("abé", "be\u0301", "b", "bé"),
    "a letter without its accent": ("abe", "bé", "b", "be"),
    "a character reference": ("ab ", "a&nbsp;b", "abb", "a b"),
    "punctuation of another script": ("ab,", "a،b", "ab", "a,b"),
}


@pytest.mark.parametrize("name", BETTER)
def test_a_difference_is_on_purpose(both, name):
    characters, text, theirs, ours = BETTER[name]
    _, kept = both(characters)
    assert kept(text) == (theirs, ours)


def test_a_blank_that_is_a_letter_counts_at_both_ends(both):
    ids, _ = both("kab", blank="k")
    assert ids("akb")[0] == ids("akb")[1] == (0, 1, 0, 0, 0, 2, 0)
    theirs, ours = ids("kak")
    assert theirs == (0, 0, 1, 0, 0)  # one blank less at each end: a special token is cut out first
    assert ours == (0, 0, 0, 1, 0, 0, 0)
