"""A voice of several languages: asked for by name, read by its own espeak-ng code."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest

from vits.cli import main
from vits.config import FrontendConfig
from vits.errors import ConfigError, TextError, VoiceError
from vits.models.vits import Vits
from vits.synthesis import Voice, load, read_voice, synthesize, write_voice
from vits.text import Frontend, SymbolTable

LANGUAGES = (("en", "en-us"), ("fr", "fr-fr"))
TEXT = "Paris, six amis. Oui."


@pytest.fixture
def bundle(make_bundle, make_config):
    config = FrontendConfig(languages=LANGUAGES, normalize=False)
    frontend = Frontend(config, SymbolTable.default())
    generator = Vits(make_config(n_symbols=len(frontend.symbols), n_languages=2))
    return make_bundle(generator=generator, frontend=frontend, fingerprint=frontend.fingerprint())


@pytest.fixture
def polyglot(bundle):
    return Voice(bundle)


def said(speech):
    return [timing.text for timing in speech.phonemes]


def test_each_language_has_its_own_phonemes_and_sound(polyglot):
    assert polyglot.languages == ("en", "fr")
    english, french = (polyglot(TEXT, language=name, seed=1) for name in ("en", "fr"))
    alone = [
        Frontend(FrontendConfig(language=code, normalize=False), SymbolTable.default())
        for _, code in LANGUAGES
    ]
    for speech, frontend in zip((english, french), alone, strict=True):
        parts = [frontend.encode(part).phonemes for part in ("Paris, six amis. ", "Oui.")]
        assert "".join(said(speech)).replace(" ", "") == "".join(parts).replace(" ", "")
    same = polyglot("[[ama]]", language="en", seed=1), polyglot("[[ama]]", language="fr", seed=1)
    assert same[0].samples.shape != same[1].samples.shape or not np.array_equal(
        same[0].samples, same[1].samples
    )


def test_streams_batches_and_lengths_speak_it_too(polyglot):
    whole = polyglot(TEXT, language="fr", seed=3)
    chunks = list(polyglot.stream(TEXT, language="fr", seed=3, whole_sentences=True))
    assert np.array_equal(whole.samples, np.concatenate([chunk.samples for chunk in chunks]))
    (batched,) = polyglot.synthesize([TEXT], seeds=[3], language="fr")
    assert np.allclose(whole.samples, batched.samples, atol=1e-5)
    short = polyglot("Oui.", language="fr", seed=3)
    kept = polyglot("Oui.", language="fr", seed=3, seconds=short.seconds)
    assert np.array_equal(short.samples, kept.samples)
    again = synthesize(TEXT, polyglot, language="fr-fr", seed=3)
    assert np.array_equal(whole.samples, again.samples)
    assert np.array_equal(whole.samples, polyglot.with_language("fr")(TEXT, seed=3).samples)


def test_markup_is_in_the_language_asked_for(polyglot):
    marked = "<speak xml:lang='fr'>Paris.</speak>"
    assert said(polyglot(marked, ssml=True, language="fr", seed=1))
    with pytest.raises(TextError, match="xml:lang 'fr' is not the voice's language en-us"):
        polyglot(marked, ssml=True, language="en")


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "no language is given; this voice speaks en, fr; choose one"),
        ("de", "unknown language 'de'; this voice speaks en, fr"),
    ],
)
def test_a_missing_or_unknown_language_lists_those_there_are(polyglot, language, message):
    for ask in (polyglot, lambda *a, **k: polyglot.synthesize(["a"], language=language)):
        with pytest.raises(VoiceError, match=message):
            ask(TEXT, language=language)
    with pytest.raises(VoiceError, match=message):
        polyglot.stream(TEXT, language=language)
    with pytest.raises(VoiceError, match="this voice speaks"):
        polyglot.with_language("de")


def test_a_voice_of_one_language_has_no_choice(voice):
    assert voice.languages == ()
    with pytest.raises(VoiceError, match="'en' must be left out: this voice has a single"):
        voice("Abc.", language="en")


def test_the_folder_keeps_names_and_codes(bundle, tmp_path):
    folder = write_voice(tmp_path / "voice", bundle)
    config = json.loads((folder / "config.json").read_text())["frontend"]["config"]
    assert config["languages"] == [["en", "en-us"], ["fr", "fr-fr"]]
    assert "| Language | en, fr |" in (folder / "README.md").read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no drift
        assert load(folder).languages == ("en", "fr")
    assert read_voice(folder).frontend.fingerprint()["languages"] == config["languages"]


def test_names_must_be_as_many_as_rows(bundle):
    with pytest.raises(VoiceError, match="0 languages are named, but the model has 2"):
        replace(bundle, frontend=Frontend(FrontendConfig(), SymbolTable.default()))
    with pytest.raises(ConfigError, match="must have different names, none empty"):
        FrontendConfig(languages=(("en", "en-us"), ("en", "en-gb")))


def test_say_takes_a_language(bundle, tmp_path, capsys):
    folder, wave = write_voice(tmp_path / "voice", bundle), tmp_path / "out.wav"
    command = ["say", "Oui.", "--voice", str(folder), "-o", str(wave), "--seed", "1"]
    assert main([*command, "--language", "fr"]) == 0
    assert wave.stat().st_size > 1000
    assert main(command) == 2
    assert "this voice speaks en, fr" in capsys.readouterr().err
