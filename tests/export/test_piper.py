import dataclasses
import json
import unicodedata

import numpy as np
import pytest

from vits.errors import VoiceError
from vits.export.piper import TARGET
from vits.text import Frontend, SymbolTable

TEXT = "Hello there, my friend."


def settings_of(done):
    return json.loads((done.graph.parent / f"{done.graph.name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "several"), [("small", False), ("piper", True)])
def test_the_graph_has_pipers_signature(export, load, name, several):
    onnx = pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    done = export(name, "piper")
    session = load(done.graph)
    inputs = {entry.name: (entry.type, len(entry.shape)) for entry in session.get_inputs()}
    expected = {
        "input": ("tensor(int64)", 2),
        "input_lengths": ("tensor(int64)", 1),
        "scales": ("tensor(float)", 1),
    }
    assert inputs == expected | ({"sid": ("tensor(int64)", 1)} if several else {})
    assert list(inputs) == [*expected, *(["sid"] if several else [])]
    assert session.get_inputs()[2].shape == [3]
    (output,) = session.get_outputs()
    assert output.name == "output"
    assert len(output.shape) == 4
    kinds = [node.op_type for node in onnx.load(done.graph).graph.node]
    assert kinds.count("Ceil") == 1
    assert not session.get_modelmeta().custom_metadata_map
    assert done.verification.difference <= 1e-4


def test_the_settings_are_pipers(export):
    done = export("piper", "piper")
    assert done.graph.name == "en_US-ada_1-low.onnx"
    values = settings_of(done)
    assert values["dataset"] == "ada_1"  # as in the file's name, where Piper's clients look for it
    assert values["num_speakers"] == 2
    assert values["speaker_id_map"] == {"speaker 0": 0, "speaker 1": 1}
    assert values["audio"] == {"sample_rate": 16000, "quality": "low"}
    assert values["espeak"] == {"voice": "en-us"}
    assert values["hop_length"] == 32
    assert values["inference"] == {"noise_scale": 0.5, "length_scale": 1.25, "noise_w": 0.4}
    rows = values["phoneme_id_map"]
    assert (rows["_"], rows["^"], rows["$"]) == ([0], [1], [2])
    assert rows["aɪ"] == [180]
    assert rows["'"] == [178]  # the second of its two


@pytest.mark.parametrize("name", ["small", "piper"])
def test_piper_speaks_it_with_our_ids_wave_and_timings(export, make_voice, speak, name):
    piper = pytest.importorskip("piper", reason="piper-tts is not installed")
    done, bundle = export(name, "piper"), make_voice(name)
    voice = piper.PiperVoice.load(done.graph, include_alignments=True)
    quiet = piper.SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, normalize_audio=False)
    (chunk,) = voice.synthesize(TEXT, quiet, include_alignments=True)
    ids = bundle.frontend.encode(TEXT).ids
    assert tuple(chunk.phoneme_ids) == ids
    expected, frames = speak(
        bundle, ids, noise_scale=0.0, noise_scale_duration=0.0, length_scale=1.25
    )
    assert chunk.sample_rate == 16000
    np.testing.assert_allclose(
        chunk.audio_float_array, expected.clip(-1, 1), atol=1e-4 * np.abs(expected).max()
    )
    assert chunk.phoneme_id_samples.tolist() == (32 * frames).tolist()
    assert sum(each.num_samples for each in chunk.phoneme_alignments) == len(expected)
    with_noise = [chunk.audio_float_array for chunk in voice.synthesize(TEXT)]
    assert np.isfinite(with_noise[0]).all()


def test_marks_of_stress_that_a_voice_never_saw_are_not_offered(make_voice, tmp_path):
    bundle = make_voice("small")
    config = dataclasses.replace(bundle.frontend.config, stress=False)
    bundle = dataclasses.replace(bundle, frontend=Frontend(config, bundle.frontend.symbols))
    TARGET.write_files(tmp_path, bundle)
    (path,) = tmp_path.glob("*.json")
    rows = json.loads(path.read_text(encoding="utf-8"))["phoneme_id_map"]
    assert "ˈ" not in rows
    assert "ə" in rows


def test_a_phoneme_that_piper_takes_apart_is_put_together(export):
    values = settings_of(export("small", "piper"))
    apart = unicodedata.normalize("NFD", "ç")
    assert list(apart) in values["vowel_clusters"]
    assert values["phoneme_id_map"][apart] == values["phoneme_id_map"]["ç"]


def test_clusters_of_the_front_end_are_put_together_too(make_voice, tmp_path):
    bundle = make_voice("piper")
    config = dataclasses.replace(bundle.frontend.config, clusters=("aɪ",))
    bundle = dataclasses.replace(bundle, frontend=Frontend(config, bundle.frontend.symbols))
    TARGET.write_files(tmp_path, bundle)
    (path,) = tmp_path.glob("*.json")
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["vowel_clusters"][0] == ["a", "ɪ"]
    assert values["phoneme_id_map"]["aɪ"] == [180]


def test_a_letter_that_piper_takes_apart_is_refused(make_voice):
    bundle = make_voice("letters")
    frontend = Frontend(bundle.frontend.config, SymbolTable(("_", "a", "é")))
    TARGET.check(bundle)
    with pytest.raises(VoiceError, match=r"Piper decomposes .* 'é' \(U\+00E9\)"):
        TARGET.check(dataclasses.replace(bundle, frontend=frontend))


def test_small_letters_are_found_for_capitals(make_voice, tmp_path):
    TARGET.write_files(tmp_path, make_voice("letters"))
    (path,) = tmp_path.glob("*.json")
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["phoneme_type"] == "text"
    assert values["phoneme_id_map"]["A"] == values["phoneme_id_map"]["a"]


def test_speaker_vectors_are_refused_by_name(make_voice):
    with pytest.raises(VoiceError, match=r"speaker vectors \(resemblyzer\), for which Piper has"):
        TARGET.check(make_voice("vits2"))
