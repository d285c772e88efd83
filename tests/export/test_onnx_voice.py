"""A voice in ONNX Runtime beside the same voice in torch."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch

from vits.cli import main
from vits.errors import MissingExtraError, MissingFileError, TextError, VoiceError
from vits.synthesis import OnnxVoice, Voice, load, synthesize
from vits.synthesis.request import Request
from vits.synthesis.runtime import onnx_engine
from vits.synthesis.runtime.noise import torch_randn
from vits.synthesis.runtime.seeds import derive_seed

TEXT = "Hello there. How are you?\n\nFine, thanks."
NAMES = ["original", "small", "duo"]


@pytest.fixture
def pair(export, make_voice):
    """Return a voice in ONNX Runtime and in torch, and the folder of the first."""

    def make(name):
        from copy import deepcopy

        folder = export(name, "onnx").graph.parent
        return load(folder), Voice(deepcopy(make_voice(name))), folder

    return make


@pytest.fixture
def folder(export, tmp_path):
    """Return an exported folder that may be broken."""
    return shutil.copytree(export("letters", "onnx").graph.parent, tmp_path / "exported")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_voice_with_the_same_times(pair, name):
    ours, torchs, _ = pair(name)
    assert isinstance(ours, OnnxVoice)
    for options in ({}, {"length_scale": 2.0}, {"noise_scale_duration": 1.0, "noise_scale": 0.0}):
        spoken, expected = (voice(TEXT, seed=7, **options) for voice in (ours, torchs))
        assert spoken.phonemes == expected.phonemes
        assert spoken.words == expected.words
        assert spoken.samples.shape == expected.samples.shape
        assert spoken.samples.dtype == np.float32
        assert spoken.seed == 7


@pytest.mark.parametrize("name", NAMES)
def test_without_noise_the_samples_are_torchs(pair, name):
    ours, torchs, _ = pair(name)
    spoken, expected = (voice(TEXT, seed=2, noise_scale=0.0) for voice in (ours, torchs))
    peak = np.abs(expected.samples).max()
    np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)


def test_from_the_same_noise_the_samples_are_torchs(pair):
    ours, torchs, _ = pair("original")
    ids = ours.frontend.encode("Hello there.").ids
    seed = derive_seed(9, 0)
    spoken = ours._engine.sample(ids, Request(seed=seed, settings=ours.settings))
    noise = ours._engine._noise(seed, sum(spoken.durations))
    with torch.inference_mode():
        expected = torchs._engine.model.infer(
            torch.tensor([ids]),
            torch.tensor([len(ids)]),
            noise_scale=ours.settings.noise_scale,
            noise_scale_duration=ours.settings.noise_scale_duration,
            length_scale=ours.settings.length_scale,
            duration_noise=torch.from_numpy(torch_randn(seed, (1, 2, len(ids)))),
            noise=torch.from_numpy(noise.copy()),
        )
    assert spoken.durations == expected.durations[0].tolist()
    wave = expected.wave[0, 0].numpy()
    np.testing.assert_allclose(spoken.samples, wave, atol=1e-4 * np.abs(wave).max())


def test_a_seed_repeats_the_samples_however_little_noise_is_drawn_at_first(pair, monkeypatch):
    ours, _, _ = pair("small")
    expected = ours(TEXT, seed=4).samples
    assert np.array_equal(ours(TEXT, seed=4).samples, expected)
    assert not np.array_equal(ours(TEXT, seed=5).samples[:400], expected[:400])
    monkeypatch.setattr(onnx_engine, "FRAMES_PER_SYMBOL", 0)
    assert np.array_equal(ours(TEXT, seed=4).samples, expected)


def test_a_stream_and_a_batch_are_the_call(pair):
    ours, _, _ = pair("small")
    expected = ours(TEXT, seed=4, sentence_silence=0.1)
    chunks = list(ours.stream(TEXT, seed=4, sentence_silence=0.1))
    assert len(chunks) == 5  # three sentences, two pauses
    assert np.array_equal(np.concatenate([c.samples for c in chunks]), expected.samples)
    together = ours.synthesize([TEXT, "Hello."], seeds=[4, 5], sentence_silence=0.1)
    assert np.array_equal(together[0].samples, expected.samples)
    assert np.array_equal(together[1].samples, ours("Hello.", seed=5).samples)


def test_speakers_are_rows_and_names_and_no_mix(pair):
    ours, torchs, _ = pair("duo")
    one, two = (ours(TEXT, seed=1, speaker=who) for who in ("speaker 1", 1))
    assert np.array_equal(one.samples, two.samples)
    assert one.words == torchs(TEXT, seed=1, speaker=1).words
    assert one.words != ours(TEXT, seed=1).words
    with pytest.raises(VoiceError, match=r"cannot mix speakers: .*voice folder"):
        ours(TEXT, speaker={0: 1, 1: 1})
    ssml = "<speak><voice name='speaker 0:1,speaker 1:1'>hello</voice></speak>"
    with pytest.raises(VoiceError, match="cannot mix speakers"):
        ours(ssml, ssml=True)


@pytest.mark.parametrize(
    "wish", [{"seconds": 2.0}, {"word_seconds": {0: 1.0}}, {"phoneme_seconds": {0: 1.0}}]
)
def test_lengths_are_refused_with_the_remedy(pair, wish):
    with pytest.raises(VoiceError, match=r"cannot keep lengths .* or length_scale"):
        pair("small")[0](TEXT, **wish)


def test_the_rest_of_a_voice_is_there(pair):
    ours, torchs, folder = pair("small")
    assert (ours.sample_rate, ours.speakers) == (torchs.sample_rate, torchs.speakers)
    assert (ours.settings, ours.card) == (torchs.settings, torchs.card)
    assert "ONNX Runtime" in repr(ours)
    lexicon = {"hello": "ˈaɪ"}
    spoken, expected = (v.with_lexicon(lexicon)("Hello.", seed=1) for v in (ours, torchs))
    assert spoken.phonemes == expected.phonemes != ours("Hello.", seed=1).phonemes
    assert synthesize("Hello.", folder, seed=1).words == ours("Hello.", seed=1).words
    assert synthesize("Hello.", ours, seed=1).words == ours("Hello.", seed=1).words
    assert ours("<speak>Hello.<break time='1s'/></speak>", ssml=True).seconds > 1
    with pytest.raises(TextError, match="empty"):
        ours(" ")


def test_what_is_too_long_or_not_finite_is_refused(pair, monkeypatch):
    ours, _, _ = pair("small")
    engine = ours._engine
    with monkeypatch.context() as patch:
        patch.setattr(engine, "max_frames", 3)
        with pytest.raises(VoiceError, match="too long for the memory"):
            ours("Hello.", seed=1)

    class Broken:
        def run(self, names, feed):
            if self.fault:
                raise RuntimeError(self.fault)
            return np.full((1, 1, 32), np.nan, np.float32), np.ones((1, 1), np.int64)

    broken = Broken()
    monkeypatch.setattr(engine, "_session", broken)
    faults = {
        "": "not finite; use smaller noise scales",
        "bad allocation": "too long for the memory",
        "no such thing": "does not run the graph: no such thing",
    }
    for broken.fault, message in faults.items():
        with pytest.raises(VoiceError, match=message):
            ours("Hello.", seed=1)
    with pytest.raises(VoiceError, match="cannot keep lengths"):
        engine.sample([1], Request(seed=1), [1])


def test_say_speaks_without_torch(folder, tmp_path):
    wave, captions = tmp_path / "said.wav", tmp_path / "said.srt"
    code = (
        "import sys; from vits.cli import main; assert main(sys.argv[1:]) == 0; "
        "assert not {'torch', 'torchaudio', 'scipy', 'numba', 'onnx'} & set(sys.modules)"
    )
    flags = ["--voice", str(folder), "--seed", "3", "-o", str(wave), "--captions", str(captions)]
    done = subprocess.run(
        [sys.executable, "-c", code, "say", "hello there. and so on.", *flags],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "seed 3" in done.stdout
    samples, rate = soundfile.read(wave, dtype="float32")
    expected = load(folder)("hello there. and so on.", seed=3)
    assert rate == expected.sample_rate
    np.testing.assert_allclose(samples, np.clip(expected.samples, -1, 1), atol=1e-4)
    assert captions.read_text(encoding="utf-8").startswith("1\n00:00:00,")


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--seconds", "2"], "cannot keep lengths"),
        (["--device", "cuda"], "must be cpu"),
        (["--speaker", "bob"], "one speaker without a name"),
    ],
)
def test_say_refuses_in_one_line(folder, tmp_path, capsys, flags, fault):
    out = ["-o", str(tmp_path / "x.wav")]
    assert main(["say", "hello.", "--voice", str(folder), *out, *flags]) == 2
    error = capsys.readouterr().err
    assert fault in error
    assert error.count("\n") == 1


def damage(folder, **changes):
    path = folder / "voice.json"
    values = json.loads(path.read_text(encoding="utf-8")) | changes
    values = {key: value for key, value in values.items() if value is not None}
    path.write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"format": 2}, "format 2 must be 1"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"card": None}, "key card is missing"),
        ({"hop_length": 0}, "hop_length 0 must be"),
        ({"speakers": "ada"}, "speakers must be a list"),
        ({"inference": {"loudness": 1}}, "loudness"),
        ({"frontend": []}, "frontend must be a mapping"),
    ],
)
def test_a_damaged_folder_is_named(folder, changes, fault):
    damage(folder, **changes)
    with pytest.raises(VoiceError, match=fault) as caught:
        load(folder)
    assert "voice.json" in str(caught.value)


def test_a_damaged_graph_is_named(folder):
    (folder / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(VoiceError, match=r"does not load .*model\.onnx.*vits export"):
        load(folder)


@pytest.mark.parametrize("place", [0, 1 << 20, (1 << 20) - 4, (1 << 20) - 8, (3 << 20) + 5])
def test_a_graph_with_weights_in_another_file_is_refused(folder, place):
    """The key of the reference is found wherever it is; ONNX Runtime never sees the graph."""
    path = folder / "model.onnx"
    path.write_bytes(bytes(place) + b"\x0a\x08location\x12\x0b/etc/passwd" + bytes(100))
    with pytest.raises(VoiceError, match=r"model\.onnx refers to another file for its weights"):
        load(folder)


def test_a_graph_of_another_engine_is_named(export, tmp_path):
    done = export("piper", "piper")
    with pytest.raises(VoiceError, match=r"vits export VOICE --to onnx"):
        load(done.graph.parent)
    shutil.copy(done.graph, tmp_path / "model.onnx")
    with pytest.raises(VoiceError, match="has no input"):
        onnx_engine.OnnxEngine(tmp_path / "model.onnx", 16000, 32)
    with pytest.raises(MissingFileError):
        load(tmp_path / "nowhere")


def test_a_missing_runtime_names_the_extra(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vits\[onnx\]'"):
        load(folder)


def test_threads_are_those_that_are_asked_for(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert onnx_engine._usable_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    assert onnx_engine._usable_threads() >= 1
