"""A voice with several languages in it: through Coqui's format, and named by those without."""

import json

import pytest
import torch

from vits.config import FrontendConfig
from vits.errors import VoiceError
from vits.interop import convert
from vits.interop.detect_format import read
from vits.interop.equivalence import WaveDifference, compare_voices
from vits.interop.original import format as original
from vits.interop.piper import format as piper
from vits.interop.transformers import format as transformers
from vits.text import Frontend, SymbolTable

BY_NAME = (("en-us", "en-us"), ("fr-fr", "fr-fr"), ("pt", "pt"))
ONE_CODE = (("en", "en-us"), ("fr", "en-us"), ("pt", "en-us"))
LETTERS = Frontend(
    FrontendConfig(backend="graphemes", normalize=False),
    SymbolTable(("_", *"abcdefghijklmnopqrstuvwxyz !,.?é")),
)
PHONES = Frontend(FrontendConfig(normalize=False), SymbolTable.default())


@pytest.fixture
def make(make_voice):
    def make(kind="deterministic", languages=BY_NAME, frontend=LETTERS):
        width = 192 if kind == "stochastic" else None
        return make_voice(3, kind, frontend=frontend, duration_channels=width, languages=languages)

    return make


@pytest.mark.parametrize("kind", ["stochastic", "deterministic"])
@pytest.mark.parametrize("languages", [BY_NAME, BY_NAME[:1]])
def test_a_round_trip_keeps_everything(make, same_weights, tmp_path, kind, languages):
    voice = make(kind, languages)
    back = read(convert.write(voice, tmp_path / "theirs", "coqui"))
    same_weights(voice, back)
    assert back.bundle.generator.config == voice.bundle.generator.config
    assert back.bundle.frontend.to_dict() == voice.bundle.frontend.to_dict()


def test_names_and_shapes_are_theirs(make, tmp_path):
    convert.write(make("stochastic"), tmp_path / "theirs", "coqui")
    weights = torch.load(tmp_path / "theirs" / "model.pth", weights_only=True)["model"]
    assert {name: tuple(weights[name].shape) for name in weights if "lang" in name} == {
        "duration_predictor.cond_lang.weight": (192, 4, 1),
        "duration_predictor.cond_lang.bias": (192,),
    }
    assert weights["emb_l.weight"].shape == (3, 4)
    assert weights["text_encoder.emb.weight"].shape[1] == 16
    assert weights["text_encoder.proj.weight"].shape == (32, 20, 1)
    assert weights["duration_predictor.pre.weight"].shape == (192, 20, 1)
    settings = json.loads((tmp_path / "theirs" / "config.json").read_text())
    assert settings["languages"] == ["en-us", "fr-fr", "pt"]
    assert settings["model_args"]["use_language_embedding"] is True
    assert settings["model_args"]["embedded_language_dim"] == 4
    rows = json.loads((tmp_path / "theirs" / "language_ids.json").read_text())
    assert rows == {"en-us": 0, "fr-fr": 1, "pt": 2}


@pytest.mark.parametrize("languages", [BY_NAME, ONE_CODE])
@pytest.mark.parametrize("frontend", [LETTERS, PHONES], ids=["letters", "phones"])
def test_their_settings_say_enough_without_ours(change, make, tmp_path, languages, frontend):
    voice = make(languages=languages, frontend=frontend)
    folder = convert.write(voice, tmp_path / "theirs", "coqui")
    change(folder, lambda settings: settings.pop("vits"))
    found = read(folder).bundle.frontend
    own = frontend is PHONES
    assert found.config.languages == tuple(
        (name, code if own else name) for name, code in languages
    )
    one, other = (
        bundle.frontend.for_language(1).encode("le chat, ici.").phonemes
        for bundle in (voice.bundle, read(folder).bundle)
    )
    assert one == other


def test_names_by_row_stand_in_the_folder_too(change, make, tmp_path):
    folder = convert.write(make(), tmp_path / "theirs", "coqui")
    (folder / "language_ids.json").write_text('{"tr": 2, "eo": 0}')

    def edit(settings):
        del settings["vits"], settings["languages"]
        settings["model_args"]["language_ids_file"] = "/etc/passwd"

    change(folder, edit)
    assert [name for name, _ in read(folder).bundle.frontend.config.languages] == ["eo", "1", "tr"]
    (folder / "language_ids.json").unlink()
    change(folder, lambda s: s.update(datasets=[{"language": "b"}, {"language": "a"}]))
    assert [name for name, _ in read(folder).bundle.frontend.config.languages] == ["a", "b", "2"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: s["model_args"].update(use_language_embedding=False), "use_language_embedding"),
        (lambda s: s["model_args"].update(embedded_language_dim=5), "embedded_language_dim is 5"),
        (lambda s: s.update(languages=["a", "b", "c", "d"]), "language 'd' has the id 3"),
        (lambda s: s.update(languages=[1, 2, 3]), "languages must be a list of names"),
        (lambda s: s.update(phonemizer="gruut"), "phonemizer 'gruut' cannot"),
        (lambda s: s["datasets"][1].update(phonemizer="gruut"), "phonemizer 'gruut' cannot"),
        (lambda s: s["datasets"].pop(), "no phonemizer for the language 'pt'"),
        (lambda s: s["datasets"][0].update(language=7), "language and phonemizer of datasets"),
    ],
)
def test_what_does_not_fit_is_one_line(change, make, tmp_path, edit, message):
    folder = convert.write(make(frontend=PHONES), tmp_path / "theirs", "coqui")
    change(folder, lambda settings: settings.pop("vits"))
    change(folder, edit)
    with pytest.raises(VoiceError, match=message) as caught:
        read(folder)
    assert "\n" not in str(caught.value)


def test_codes_that_are_not_the_names_must_be_dropped(make, tmp_path):
    voice = make(languages=(("en", "en-us"), ("fr", "fr-fr")), frontend=PHONES)
    with pytest.raises(VoiceError, match="name and espeak-ng code differ"):
        convert.write(voice, tmp_path / "theirs", "coqui")
    folder = convert.write(voice, tmp_path / "theirs", "coqui", drop=["phonemizer"])
    assert json.loads((folder / "config.json").read_text())["use_phonemes"] is False
    assert read(folder).bundle.frontend.config.languages == (("en", "en-us"), ("fr", "fr-fr"))


@pytest.mark.parametrize("form", [original, piper, transformers])
def test_the_others_refuse_by_name(make_voice, form):
    voice = make_voice(frontend=PHONES, languages=BY_NAME)
    with pytest.raises(VoiceError, match=r"cannot hold the language embedding \(en-us, fr-fr, pt"):
        form.FORMAT.unsupported_parts(voice)


def test_our_own_folder_holds_it_and_inspect_names_it(make, same_weights, tmp_path):
    voice = make(languages=ONE_CODE)
    back = read(convert.write(voice, tmp_path / "ours", "vits"))
    same_weights(voice, back)
    said = convert.describe(back)
    assert said["language"] == "3: en (en-us), fr (en-us), pt (en-us) (graphemes)"
    found = compare_voices(voice.bundle, back.bundle)
    assert isinstance(found, WaveDifference)
    assert found.difference == 0 < found.peak
