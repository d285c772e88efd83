import json
import random
import time
import warnings

import pytest

from vits.config import FrontendConfig
from vits.errors import ConfigError, TextError, UnknownSymbolError
from vits.text import Encoding, Frontend, SymbolTable, UnknownSymbolWarning


def espeak(language="en-us", table=None, lexicon=None, **options):
    config = FrontendConfig(language=language, **options)
    return Frontend(config, table or SymbolTable.default(), lexicon)


def graphemes(text, lexicon=None, **options):
    config = FrontendConfig(backend="graphemes", **options)
    return Frontend(config, SymbolTable.from_texts([text]), lexicon)


def word_pairs(encoding):
    return [(word.text, word.phonemes) for word in encoding.words]


def check(encoding: Encoding, table: SymbolTable, blanks: bool):
    blank = table.symbols[0]
    kept = encoding.symbols[1::2] if blanks else encoding.symbols
    if blanks:
        assert len(encoding.ids) == 2 * len(kept) + 1
        assert set(encoding.ids[::2]) == {0}
        assert set(encoding.symbols[::2]) == {blank}
    assert "".join(kept) == encoding.phonemes
    assert [table.symbols[i] for i in encoding.ids] == list(encoding.symbols)
    position = 0
    for word in encoding.words:
        assert position <= word.start < word.end <= len(encoding.ids)
        position = word.end
        inside = encoding.symbols[word.start : word.end]
        assert "".join(inside[:: 2 if blanks else 1]) == word.phonemes
        assert not blanks or blank not in (inside[0], inside[-1])


def test_hello_world():
    encoding = espeak().encode("Hello world.")
    assert encoding.phonemes == "həlˈoʊ wˈɜːld."
    assert word_pairs(encoding) == [("Hello", "həlˈoʊ"), ("world", "wˈɜːld")]
    assert encoding.ids[:5] == (0, 50, 0, 83, 0)
    assert len(encoding.ids) == 29
    assert (encoding.words[0].start, encoding.words[0].end) == (1, 12)
    assert encoding.dropped == {}


@pytest.mark.parametrize("blanks", [True, False])
@pytest.mark.parametrize("backend", ["espeak", "graphemes"])
def test_spans_and_blanks(backend, blanks):
    table = SymbolTable.default()
    front = Frontend(FrontendConfig(backend=backend, blanks=blanks), table)
    for text in (
        'He said: "in the house of the old king, 20 men!"',
        "one",
        "[[a]]b[[c]] d",
        "Yes... (no) — 'so'?",
    ):
        check(front.encode(text, unknown="raise"), table, blanks)


def test_words_are_those_of_the_normalised_text():
    encoding = espeak().encode("Dr. Who lives in the house since 1984.")
    assert [word.text for word in encoding.words] == (
        ["Doctor", "Who", "lives", "in the", "house", "since", "nineteen", "eighty-four"]
    )


def test_punctuation_is_kept():
    assert espeak().encode('"Why?" - he: (left); so!').phonemes == '"wˈaɪ?" — hiː: lˈɛft; sˈoʊ!'


def test_inline_phonemes_pass_through():
    encoding = espeak().encode("Say [[ʃɪvˈɔːn]], now [[ə b]].")
    assert encoding.phonemes == "sˈeɪ ʃɪvˈɔːn, nˈaʊ ə b."
    assert ("ə b", "ə b") in word_pairs(encoding)
    assert espeak().encode("[[həlˈoʊ]]").words[0].phonemes == "həlˈoʊ"


@pytest.mark.parametrize("text", ["a [[b", "a ]] b", "[[a [[b]]", "[[]]", "[[ ]] a", "[[a]] [["])
def test_unbalanced_brackets_are_rejected(text):
    with pytest.raises(TextError, match=r"\[\["):
        espeak().encode(text)


def test_the_lexicon_takes_precedence_and_ignores_case():
    front = espeak(lexicon={"Siobhan": "ʃɪvˈɔːn", "the": "ðʌ"})
    encoding = front.encode("SIOBHAN in the 'Siobhan'.")
    assert word_pairs(encoding) == [
        ("SIOBHAN", "ʃɪvˈɔːn"),
        ("in", "ˈɪn"),
        ("the", "ðʌ"),
        ("'Siobhan'", "ʃɪvˈɔːn"),
    ]
    assert graphemes("abcd", {"ab": "cd"}).encode("ab").phonemes == "cd"


@pytest.mark.parametrize("text", ["", "  ", "\0\0", "...", "🙂🙂", "\u200b", "— ?", "'", "[[.]]"])
@pytest.mark.parametrize("policy", ["raise", "drop"])
@pytest.mark.parametrize("front", [espeak(), graphemes("abc .?'")])
@pytest.mark.filterwarnings("ignore::vits.text.UnknownSymbolWarning")
def test_a_silent_text_is_an_error_with_a_remedy(front, text, policy):
    with pytest.raises(TextError, match=r"give at least one word|drop them with|change the text"):
        front.encode(text, unknown=policy)


def test_unknown_symbols_raise_by_default():
    with pytest.raises(UnknownSymbolError, match=r"2 symbols.*U\+1F642\) x2.*drop") as caught:
        espeak().encode("hi 🙂🙂 there")
    assert caught.value.symbols == {"🙂": 2}


def test_dropped_symbols_are_listed_and_counted_in_one_warning():
    with pytest.warns(UnknownSymbolWarning, match=r"dropped 3.*U\+1F642\) x2") as caught:
        encoding = espeak().encode("hi 🙂, there🙂 [[ɓ%]]", unknown="drop")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert encoding.dropped == {"🙂": 2, "%": 1}
    assert encoding.phonemes == "hˈaɪ, ðˈɛɹ ɓ"


def test_symbols_without_sound_are_reported():
    front = espeak()
    for text, missing in {
        "a � b": "�",
        "a ✓ b": "✓",
        "a \ue000 b": "\ue000",
        "x\ud800": "�",
    }.items():
        with pytest.raises(UnknownSymbolError) as caught:
            front.encode(text)
        assert list(caught.value.symbols) == [missing]


def test_a_word_without_known_symbols_is_no_word():
    with pytest.warns(UnknownSymbolWarning):
        encoding = espeak().encode("[[%]] red", unknown="drop")
    assert word_pairs(encoding) == [("red", "ɹˈɛd")]
    assert encoding.phonemes == "ɹˈɛd"


def test_nasal_vowels_lose_only_unknown_symbols():
    with pytest.warns(UnknownSymbolWarning, match=r"U\+0303"):
        encoding = espeak("pt-br").encode("pão", unknown="drop")
    assert encoding.phonemes == "pˈɐʊ"
    assert encoding.dropped == {"\u0303": 2}
    table = SymbolTable.default().extended("\u0303")
    assert espeak("pt-br", table).encode("pão").phonemes == "pˈɐ\u0303ʊ\u0303"


def test_composed_symbols_are_used_if_the_table_lacks_the_parts():
    assert "ç" in espeak("de").encode("ich").symbols


@pytest.mark.parametrize(
    "language", ["de", "fr-fr", "nl", "es", "cmn", "ja", "vi", "hi", "ar", "ru"]
)
def test_an_extended_table_encodes_every_language(language):
    text = {
        "cmn": "你好，世界。", "ja": "こんにちは、ありがとう。", "vi": "xin chào thế giới",
        "hi": "नमस्ते दुनिया। १२", "ar": "مرحبا بالعالم؟", "ru": "Привет, мир!",
    }.get(language, "Um 12:30 sind es 3,5 km, señor; un bon vin.")  # fmt: skip
    table = SymbolTable.default().extended(espeak(language).transcribe(text))
    encoding = espeak(language, table).encode(text)
    check(encoding, table, blanks=True)
    assert encoding.phonemes == espeak(language, table).transcribe(text).strip()


def test_stress_is_optional():
    assert espeak(stress=False).encode("Hello world.").phonemes == "həloʊ wɜːld."


def test_normalisation_is_optional():
    assert [w.text for w in espeak(normalize=False).encode("5 “km”").words] == ["5", "km"]
    assert [w.text for w in espeak().encode("5 km").words] == ["five", "kilometers"]


def test_graphemes_are_the_characters_themselves():
    front = graphemes("Grüße, Welt-all five", language="de")
    encoding = front.encode("Grüße,  Welt-all")
    assert encoding.phonemes == "Grüße, Welt-all"
    assert word_pairs(encoding) == [("Grüße", "Grüße"), ("Welt-all", "Welt-all")]
    with pytest.raises(UnknownSymbolError):
        front.encode("Grüße z")


def test_a_table_without_capitals_lower_cases_the_text():
    encoding = graphemes("abc ").encode("Abc ab")
    assert encoding.phonemes == "abc ab"
    assert encoding.words[0].text == "Abc"


def test_very_long_words_are_complete():
    encoding = espeak("de").encode("ta" * 300)
    assert encoding.phonemes.count("t") == 300


@pytest.mark.parametrize("front", [espeak(), graphemes("ab .")])
def test_long_clauses_keep_every_space(front):
    encoding = front.encode("ab " * 449 + "ab.")
    assert encoding.phonemes.count(" ") == 449
    assert len(encoding.words) == 450
    assert encoding.phonemes[-2] != " "


@pytest.mark.slow
def test_a_megabyte_does_not_hang():
    start = time.perf_counter()
    assert espeak().encode("in the house " * 10_000).phonemes.count("hˈaʊs") == 10_000
    assert time.perf_counter() - start < 15


@pytest.mark.slow
def test_any_string_is_encoded_or_rejected():
    rng = random.Random(0)
    front = espeak()
    rejected = 0
    pool = "abc XYZ.,'-()[]\"09$%\0\n\ud800é½🙂你ह\u0301\ufdd0"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        for _ in range(2000):
            text = "".join(
                rng.choice(pool) if rng.random() < 0.9 else chr(rng.randrange(0x110000))
                for _ in range(rng.randrange(25))
            )
            try:
                encoding = front.encode(text, unknown="drop")
            except TextError:
                rejected += 1
            else:
                check(encoding, front.symbols, blanks=True)
    assert 0 < rejected < 1000


def test_unknown_policies_are_rejected():
    with pytest.raises(TextError, match="must be 'raise' or 'drop'"):
        espeak().encode("a", unknown="ignore")


def test_json_round_trip():
    front = espeak("de", lexicon={"Äpfel": "ˈɛpfəl"}, stress=False)
    again = Frontend.from_dict(json.loads(json.dumps(front.to_dict())))
    assert again.to_dict() == front.to_dict()
    assert again.fingerprint() == front.fingerprint()
    assert again.encode("drei Äpfel") == front.encode("drei Äpfel")


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"symbols": "abc"},
        {"symbols": []},
        {"lexicon": ["a"]},
        {"lexicon": {"a": 1}},
        {"config": {"colour": "red"}},
    ],
)
def test_invalid_dictionaries_are_rejected(change):
    with pytest.raises((TextError, ConfigError)):
        Frontend.from_dict({**espeak().to_dict(), **change})


def test_a_missing_key_is_rejected():
    with pytest.raises(TextError, match="exactly the keys config, symbols, lexicon"):
        Frontend.from_dict({"config": {}})


BOS_EOS_TABLE = SymbolTable(("_", "^", "$", " ", "a", "b", "#"))


def test_bos_and_eos_surround_a_text_and_shift_its_words():
    config = FrontendConfig(backend="graphemes", bos_eos=True)
    encoding = Frontend(config, BOS_EOS_TABLE).encode("ab a")
    assert encoding.ids == (1, 0, 4, 0, 5, 0, 3, 0, 4, 0, 2)
    assert encoding.symbols[0] == "^"
    assert encoding.symbols[-1] == "$"
    first, second = encoding.words
    assert encoding.symbols[first.start : first.end] == ("a", "_", "b")
    assert encoding.symbols[second.start : second.end] == ("a",)
    bare = Frontend(FrontendConfig(backend="graphemes", bos_eos=True, blanks=False), BOS_EOS_TABLE)
    assert bare.encode("ab").ids == (1, 4, 5, 2)


def test_the_blank_can_be_any_symbol():
    config = FrontendConfig(backend="graphemes", blank="#")
    encoding = Frontend(config, BOS_EOS_TABLE).encode("ab")
    assert encoding.ids == (6, 4, 6, 5, 6)
    assert encoding.symbols == ("#", "a", "#", "b", "#")


@pytest.mark.parametrize("options", [{"blank": "#"}, {"bos_eos": True}])
def test_blank_bos_and_eos_must_be_in_the_table(options):
    with pytest.raises(TextError, match="which the symbol table lacks"):
        Frontend(FrontendConfig(backend="graphemes", **options), SymbolTable(("_", "a")))
