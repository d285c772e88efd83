"""Voices of several languages as graphs: all of them in the generic one, one in the others."""

import json
import shutil
from copy import deepcopy

import numpy as np
import pytest
import torch

from vits.errors import VoiceError
from vits.export.write import write
from vits.synthesis import OnnxVoice, Voice
from vits.synthesis import load as load_voice

TEXT = "Paris, six amis. Oui."


def test_the_generic_graph_speaks_each_as_torch_does(export, make_voice, tmp_path):
    ours = load_voice(export("polyglot", "onnx").graph.parent)
    torchs = Voice(deepcopy(make_voice("polyglot")))
    assert isinstance(ours, OnnxVoice)
    assert ours.languages == ("en", "fr")
    for language in ("en", "fr"):
        spoken, expected = (
            voice(TEXT, language=language, seed=2, noise_scale=0.0) for voice in (ours, torchs)
        )
        peak = np.abs(expected.samples).max()
        np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)
    with pytest.raises(VoiceError, match="this voice speaks en, fr"):
        ours(TEXT)
    with pytest.raises(VoiceError, match="the onnx graph supports all the languages"):
        write(make_voice("polyglot"), tmp_path / "out", "onnx", language="fr")


def test_graph_and_settings_must_both_have_languages(export, tmp_path):
    folder = shutil.copytree(export("small", "onnx").graph.parent, tmp_path / "exported")
    values = json.loads((folder / "voice.json").read_text())
    values["frontend"]["config"]["languages"] = [["en", "en-us"], ["fr", "fr-fr"]]
    (folder / "voice.json").write_text(json.dumps(values))
    with pytest.raises(VoiceError, match="only one of them has languages"):
        load_voice(folder)


@pytest.mark.parametrize("to", ["piper", pytest.param("sherpa", marks=pytest.mark.slow)])
def test_the_others_speak_the_one_that_is_named(export, load, speak, make_voice, tmp_path, to):
    done = export("polyglot", to, language="fr")
    assert done.verification.difference < 1e-4
    folder = done.graph.parent
    assert "languages" not in {entry.name for entry in load(done.graph).get_inputs()}
    if to == "piper":
        settings = json.loads(next(folder.glob("*.json")).read_text())
        assert settings["espeak"] == {"voice": "fr-fr"}
        bundle = make_voice("polyglot")
        ids = list(bundle.frontend.for_language(1).encode("Oui.").ids)
        wave = (
            load(done.graph)
            .run(
                None,
                {
                    "input": np.array([ids]),
                    "input_lengths": np.array([len(ids)]),
                    "scales": np.zeros(3, np.float32) + np.float32([0, 1, 0]),
                    "sid": np.array([0]),
                },
            )[0]
            .reshape(-1)
        )
        still = {"noise_scale": 0.0, "noise_scale_duration": 0.0}
        other, expected = (
            speak(bundle, ids, languages=torch.tensor([row]), **still)[0] for row in (0, 1)
        )
        atol = 1e-4 * np.abs(expected).max()
        np.testing.assert_allclose(wave, expected, atol=atol)
        assert other.shape != expected.shape or np.abs(other - expected).max() > 10 * atol
    with pytest.raises(VoiceError, match=f"a {to} voice has one language: no language is given"):
        write(make_voice("polyglot"), tmp_path / "out", to)
