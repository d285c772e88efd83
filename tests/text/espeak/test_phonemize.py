from concurrent.futures import ThreadPoolExecutor

import espeakng_loader
import pytest
from phonemizer.backend import EspeakBackend

from vits.errors import TextError
from vits.text import espeak_languages, phonemize
from vits.text.espeak.phonemize import espeak_tokens, espeak_version

SENTENCES = [
    "Hello world.",
    'He said: "in the house of the people?" and left!',
    "Wait, wait... what; don't!",
    "  It's the   well-known (old) man — isn't it?",
]


def test_hello_world():
    assert phonemize(["Hello world."], "en-us") == ["həlˈoʊ wˈɜːld."]


@pytest.mark.parametrize(
    ("language", "text", "phonemes"),
    [
        ("de", "Ich möchte, bitte!", "ɪç mˈœçtə, bˈɪtə!"),
        ("fr-fr", "un bon vin", "œ̃ bˈɔ̃ vˈɛ̃"),
        ("nl", "Goedemorgen allemaal.", "ɣˈudəmˌɔrɣən ˌɑləmˈaːl."),
        ("es", "¿Hola mundo?", "¿ˈola mˈundo?"),
        ("cmn", "你好", "ni2χˈɑu2"),
    ],
)
def test_languages(language, text, phonemes):
    assert phonemize([text], language) == [phonemes]


@pytest.mark.slow
def test_every_language_works():
    languages = espeak_languages()
    assert len(languages) > 100
    assert languages["de"] == "German"
    for language in languages:
        assert phonemize(["a 1"], language)[0], language
    assert "fo" not in languages  # espeakng-loader has no Faroese dictionary


def test_agrees_with_phonemizers_own_backend(monkeypatch):
    monkeypatch.setenv("PHONEMIZER_ESPEAK_LIBRARY", espeakng_loader.get_library_path())
    monkeypatch.setenv("PHONEMIZER_ESPEAK_DATA_PATH", espeakng_loader.get_data_path())
    for language, stress in (("en-us", True), ("en-us", False), ("de", True)):
        backend = EspeakBackend(
            language,
            punctuation_marks=';:,.!?¡¿—…"«»“”',
            preserve_punctuation=True,
            with_stress=stress,
            language_switch="remove-flags",
        )
        expected = [" ".join(line.split()) for line in backend.phonemize(SENTENCES, strip=True)]
        assert phonemize(SENTENCES, language, stress=stress) == expected


def test_one_result_per_text():
    texts = ["", "red", " ", "...", "\0", "two", ""]
    results = phonemize(texts, "en-us")
    assert results == ["", "ɹˈɛd", "", "...", "", "tˈuː", ""]


def test_language_switches_leave_no_flags():
    assert "(" not in phonemize(["j'aime le football"], "fr-fr")[0]


def test_stress_is_optional():
    assert phonemize(["Hello world."], "en-us", stress=False) == ["həloʊ wɜːld."]


@pytest.mark.parametrize(
    ("language", "similar"),
    [
        ("en", "en-us"),
        ("fr", "fr-fr"),
        ("german", "de (German)"),
        ("EN-US", "en-us"),
        ("zh", "cmn"),
        ("qq", "espeak_languages"),
        ("", "espeak_languages"),
        ("mb-en1", "languages"),
        ("fo", "languages"),
    ],
)
def test_unknown_languages_are_reported_with_similar_ones(language, similar):
    with pytest.raises(TextError) as caught:
        espeak_tokens("a", language)
    assert similar in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_threads_do_not_mix_strings():
    texts = [f"sentence {word} and {i}" for i in range(100) for word in ("red", "green", "blue")]
    languages = ["en-us", "de"]
    serial = {language: phonemize(texts, language) for language in languages}

    def work(index):
        language = languages[index % 2]
        shifted = texts[index:] + texts[:index]
        return language, index, phonemize(shifted, language)

    with ThreadPoolExecutor(8) as pool:
        for language, index, result in pool.map(work, range(16)):
            expected = serial[language]
            assert result == expected[index:] + expected[:index]


def test_espeak_instances_are_reused(run):
    code = """
import threading, phonemizer.backend.espeak.wrapper as wrapper
opened = []
start = wrapper.EspeakWrapper.__init__
wrapper.EspeakWrapper.__init__ = lambda self: (opened.append(1), start(self))[1]
from vits.errors import TextError
from vits.text import phonemize
for language in ("qq", "qq", "en-us", "en-us", "de"):
    try: phonemize(["a"] * 5, language)
    except TextError: pass
for _ in range(5):
    thread = threading.Thread(target=phonemize, args=(["a"], "de"))
    thread.start(); thread.join()
assert len(opened) == 2, len(opened)
"""
    done = run(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_lone_surrogates_and_odd_strings_do_not_raise():
    assert phonemize(["\ud800 red"], "en-us")[0].endswith("ɹˈɛd")


def test_import_is_lightweight(run):
    done = run(
        "import sys, vits.text; "
        "heavy = {'torch', 'numpy', 'phonemizer', 'espeakng_loader'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_ends_without_output(run):
    done = run("from vits.text import phonemize; phonemize(['a', 'b (c)'], 'fr-fr')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_graphemes_work_without_espeak_and_its_absence_is_reported(run):
    done = run(
        "import sys; sys.modules['phonemizer'] = None; sys.modules['espeakng_loader'] = None\n"
        "from vits.config import FrontendConfig\n"
        "from vits.errors import TextError\n"
        "from vits.text import Frontend, SymbolTable\n"
        "table = SymbolTable.default()\n"
        "front = Frontend(FrontendConfig(backend='graphemes'), table)\n"
        "assert front.encode('Hello 5.').phonemes == 'Hello five.', front.encode('Hello 5.')\n"
        "front.fingerprint()\n"
        "try: Frontend(FrontendConfig(), table).encode('a')\n"
        "except TextError as error: assert 'install them' in str(error)\n"
        "else: sys.exit('no error')\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_has_three_parts():
    assert espeak_version().count(".") == 2
