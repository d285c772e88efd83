"""A voice in ONNX Runtime beside the same voice in torch."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vits.audio.speaker_encoders.vector import SpeakerVector
from vits.cli import main
from vits.errors import MissingExtraError, MissingFileError, TextError, VoiceError
from vits.synthesis import OnnxVoice, Voice, load, speaker_files, synthesize
from vits.synthesis.request import Request
from vits.synthesis.runtime import onnx_engine, parts_engine
from vits.synthesis.runtime.onnx_session import load_graph, usable_threads
from vits.synthesis.stream import join
from vits.synthesis.turns import speak_turn

TEXT = "Hello there. How are you?\n\nFine, thanks."
LONG = (
    "She sells sea shells by the sea shore, and the shells are sea shells. Well! Go on, please do."
)
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
    return shutil.copytree(export("small", "onnx").graph.parent, tmp_path / "exported")


@pytest.fixture
def old(export, tmp_path):
    """Return a voice as an earlier version exported it, with a single graph."""
    folder = export("small", "onnx").graph.parent
    for name in ("model.onnx", "voice.json"):
        shutil.copy(folder / name, tmp_path)
    return load(tmp_path)


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
def test_a_seed_gives_the_samples_of_torch(pair, name):
    ours, torchs, _ = pair(name)
    for options in ({}, {"noise_scale": 0.0}):
        spoken, expected = (voice(TEXT, seed=2, **options) for voice in (ours, torchs))
        peak = np.abs(expected.samples).max()
        np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)


def agree(one, other):
    """The same length, times and seed, and the samples to 1e-5 of the peak."""
    assert (one.phonemes, one.words, one.seed) == (other.phonemes, other.words, other.seed)
    assert one.samples.shape == other.samples.shape
    return np.abs(one.samples - other.samples).max() <= 1e-5 * np.abs(other.samples).max()


@pytest.mark.parametrize("name", [*NAMES, "vits2"])
def test_a_sentence_is_streamed_in_chunks_that_join_to_the_call(pair, name):
    ours, _, _ = pair(name)
    options = {"seed": 4, "sentence_silence": 0.1, "length_scale": 4.0}
    whole, chunks = ours(LONG, **options), list(ours.stream(LONG, **options))
    assert len(chunks) >= 8  # three sentences, two pauses, and the sentences are cut
    lengths = [len(chunk.samples) for chunk in chunks]
    assert lengths[0] < lengths[1] < lengths[2]
    assert all(length % 32 == 0 for length in lengths)
    assert agree(join(chunks), whole)
    sentences = list(ours.stream(LONG, **options, whole_sentences=True))
    assert len(sentences) == 5
    assert np.array_equal(join(sentences).samples, whole.samples)


@pytest.mark.parametrize("name", [*NAMES, "vits2"])
def test_a_batch_is_each_text_alone(pair, name):
    ours, _, _ = pair(name)
    texts = [LONG, "Hello.", TEXT, f"{TEXT} And so on."]
    for frames in (1, 300, None):
        together = ours.synthesize(texts, seeds=[4, 5, 6, 7], length_scale=4.0, batch_frames=frames)
        for seed, text, spoken in zip((4, 5, 6, 7), texts, together, strict=True):
            assert agree(spoken, ours(text, seed=seed, length_scale=4.0))


def test_turns_of_a_server_are_each_text_alone(pair):
    ours, _, _ = pair("duo")
    texts, seeds = [LONG, TEXT], [4, 5]
    turns = [ours.in_turns(text, seed=seed) for text, seed in zip(texts, seeds, strict=True)]
    chunks = [[] for _ in turns]
    while left := [index for index, turn in enumerate(turns) if not turn.done]:
        spoken = speak_turn([turns[index] for index in left])
        for index, (sample, wave) in zip(left, spoken, strict=True):
            chunks[index] += turns[index].accept(sample, wave)
    for text, seed, found in zip(texts, seeds, chunks, strict=True):
        assert agree(join(found), ours(text, seed=seed))


def test_sentences_of_a_batch_share_runs_of_the_decoder(pair, monkeypatch):
    ours, _, _ = pair("duo")
    widths = []
    run = ours._engine._run

    def counting(signals, *rest, **ends):
        widths.append(signals["z"].shape)
        return run(signals, *rest, **ends)

    monkeypatch.setattr(ours._engine, "_run", counting)
    options = {"length_scale": 4.0, "sentence_silence": 0.0}
    spoken = ours.synthesize([LONG, LONG], seeds=[1, 2], **options)
    assert max(batch for batch, _, _ in widths) == 2
    frames = sum(batch * width for batch, _, width in widths)
    assert frames == sum(len(speech.samples) for speech in spoken) // 32  # each once


@pytest.mark.parametrize("name", ["small", "vits2"])
def test_a_very_long_sentence_is_decoded_in_chunks_of_any_size(pair, monkeypatch, name):
    ours, _, _ = pair(name)
    expected = ours(TEXT, seed=3, length_scale=4.0)
    monkeypatch.setattr(parts_engine, "BATCH_FRAMES", 1)
    for size in (1, 20):
        monkeypatch.setattr(parts_engine, "LARGEST_CHUNK", size)
        assert agree(ours(TEXT, seed=3, length_scale=4.0), expected)


def test_only_the_graphs_that_are_needed_are_loaded(pair, monkeypatch):
    ours, _, _ = pair("small")
    monkeypatch.setattr(ours._engine, "_decoder", None)
    ours(TEXT, seed=3)
    with pytest.raises(AttributeError):
        next(ours.stream(TEXT, seed=3))
    ours, _, _ = pair("small")
    monkeypatch.setattr(ours._engine, "_wave", None)
    list(ours.stream(TEXT, seed=3))
    with pytest.raises(AttributeError):
        ours(TEXT, seed=3)


def test_an_export_of_an_earlier_version_speaks_whole_sentences(pair, old, monkeypatch):
    ours, _, _ = pair("small")
    expected = ours(TEXT, seed=4, noise_scale=0.0)
    assert agree(old(TEXT, seed=4, noise_scale=0.0), expected)
    expected = old(TEXT, seed=4)  # the noise of the prior is not torch's
    assert expected.words == ours(TEXT, seed=4).words
    monkeypatch.setattr(onnx_engine, "FRAMES_PER_SYMBOL", 0)
    assert agree(old(TEXT, seed=4), expected)
    assert len(list(old.stream(TEXT, seed=4))) == 5
    assert agree(old.synthesize([TEXT], seeds=[4])[0], expected)
    for wish, fault in (
        ({"seconds": 2.0}, "cannot keep lengths .* vits export VOICE --to onnx"),
        ({"word_seconds": {0: 1.0}}, "cannot keep lengths"),
    ):
        with pytest.raises(VoiceError, match=fault):
            old(TEXT, **wish)
    with pytest.raises(VoiceError, match="has no batches"):
        old.synthesize([TEXT], batch_frames=3)
    with pytest.raises(VoiceError, match="cannot keep lengths"):
        old._engine.sample([1], Request(seed=1), [1])
    with pytest.raises(VoiceError, match="cannot mix speakers"):
        old._engine.sample([1], Request(seed=1, speaker=(0.5, 0.5)))


@pytest.mark.parametrize("speaker", ["a.wav", Path("a.wav")])
def test_an_export_without_vectors_takes_no_recording(pair, speaker):
    with pytest.raises(
        VoiceError, match="takes a speaker by name; a recording needs a voice that was trained"
    ):
        pair("duo")[0]("a", speaker=speaker)


def vector(*values, encoder="resemblyzer"):
    return SpeakerVector(encoder=encoder, values=values)


def test_a_vector_speaks_as_in_torch_and_is_streamed_and_batched(pair):
    ours, torchs, _ = pair("vits2")
    given = vector(0.2, -1.0, 0.6, 0.1, -0.4)
    spoken, expected = (v(TEXT, seed=1, noise_scale=0.0, speaker=given) for v in (ours, torchs))
    assert spoken.words == expected.words
    peak = np.abs(expected.samples).max()
    np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)
    options = {"length_scale": 2.0, "speaker": given}
    whole = ours(TEXT, seed=4, **options)
    assert agree(join(list(ours.stream(TEXT, seed=4, **options))), whole)
    (batched,) = ours.synthesize([TEXT], seeds=[4], **options)
    assert agree(batched, whole)
    named = ours(TEXT, seed=4, length_scale=2.0, speaker="speaker 0")
    assert whole.words != named.words or not agree(whole, named)


def test_a_named_speaker_is_its_vector(pair, make_voice):
    ours, _, _ = pair("vits2")
    rows = make_voice("vits2").generator.speaker_embedding.vectors.tolist()
    named, given = (ours("Hello.", seed=1, speaker=who) for who in (1, vector(*rows[1])))
    assert agree(named, given)


def test_a_recording_is_heard_and_the_wrong_vector_refused(pair, tmp_path, monkeypatch):
    def hear(speech):
        return np.full(5, np.sqrt(0.2), np.float32)

    monkeypatch.setattr(speaker_files, "open_encoder", {"resemblyzer": hear}.__getitem__)
    ours, _, folder = pair("vits2")
    recording = tmp_path / "me.wav"
    soundfile.write(recording, 0.1 * np.random.default_rng(0).standard_normal(24000), 16000)
    heard = ours.speaker_vector(recording)
    heard.write(tmp_path / "me.speaker")
    by_file, by_vector = (
        ours("Hello.", seed=1, speaker=who) for who in (str(recording), tmp_path / "me.speaker")
    )
    assert np.array_equal(by_file.samples, by_vector.samples)
    words = ["say", "Hello.", "-o", tmp_path / "out.wav", "--voice", folder, "--speaker-audio"]
    assert main([str(word) for word in [*words, recording, "--seed", 1]]) == 0
    assert soundfile.info(tmp_path / "out.wav").frames == len(by_file.samples)
    for wrong, fault in (
        (vector(1.0, 0.0), "a speaker vector of 2 values must have the 5 of voice Ada 1"),
        (vector(1.0, encoder="other"), "of the encoder other must be of resemblyzer"),
    ):
        with pytest.raises(VoiceError, match=fault):
            ours("Hello.", speaker=wrong)


def test_speakers_are_rows_and_names_and_mixes(pair):
    ours, torchs, _ = pair("duo")
    one, two = (ours(TEXT, seed=1, speaker=who) for who in ("speaker 1", 1))
    assert np.array_equal(one.samples, two.samples)
    assert one.words == torchs(TEXT, seed=1, speaker=1).words
    assert one.words != ours(TEXT, seed=1).words
    for text, options in (
        (TEXT, {"speaker": {0: 1, 1: 2}}),
        ("<speak><voice name='speaker 0:1,speaker 1:1'>hello</voice></speak>", {"ssml": True}),
    ):
        spoken, expected = (v(text, seed=1, noise_scale=0.0, **options) for v in (ours, torchs))
        assert spoken.words == expected.words
        peak = np.abs(expected.samples).max()
        np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)


@pytest.mark.parametrize(
    "wish", [{"seconds": 2.0}, {"word_seconds": {0: 1.0}}, {"phoneme_seconds": {0: 1.0}}]
)
def test_lengths_are_kept_as_in_torch(pair, wish):
    ours, torchs, _ = pair("small")
    spoken, expected = (v(TEXT, seed=1, noise_scale=0.0, **wish) for v in (ours, torchs))
    assert (spoken.words, spoken.phonemes) == (expected.words, expected.phonemes)
    peak = np.abs(expected.samples).max()
    np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)


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


def test_what_is_too_long_or_not_finite_is_refused(pair, old, monkeypatch):
    ours, _, _ = pair("small")
    for voice in (ours, old):
        with monkeypatch.context() as patch:
            patch.setattr(voice._engine, "max_frames", 3)
            with pytest.raises(VoiceError, match="too long for the memory"):
                voice("Hello.", seed=1)

    class Broken:
        def run(self, names, feed):
            if self.fault:
                raise RuntimeError(self.fault)
            found = np.full((1, 1, 32), np.nan, np.float32), np.ones((1, 1), np.int64)
            return found[: len(names)]

    broken = Broken()
    monkeypatch.setattr(ours._engine._wave, "_session", broken)
    monkeypatch.setattr(old._engine, "_session", broken)
    faults = {
        "": "not finite; use smaller noise scales",
        "bad allocation": "too long for the memory",
        "no such thing": "does not run the graph: no such thing",
    }
    for broken.fault, message in faults.items():
        for voice in (ours, old):
            with pytest.raises(VoiceError, match=message):
                voice("Hello.", seed=1)


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
        (["--speaker", "a:1,b:2"], "one speaker without a name"),
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


@pytest.mark.parametrize("name", ["model.onnx", "text.onnx", "wave.onnx", "decoder.onnx"])
def test_a_damaged_graph_is_named(folder, name):
    (folder / name).write_bytes(b"no graph")
    with pytest.raises(VoiceError, match="write it again with: vits export"):
        load(folder)


@pytest.mark.parametrize("place", [0, 1 << 20, (1 << 20) - 4, (1 << 20) - 8, (3 << 20) + 5])
def test_a_graph_with_weights_in_another_file_is_refused(folder, place):
    """The key of the reference is found wherever it is; ONNX Runtime never sees the graph."""
    path = folder / "model.onnx"
    path.write_bytes(bytes(place) + b"\x0a\x08location\x12\x0b/etc/passwd" + bytes(100))
    with pytest.raises(VoiceError, match=r"model\.onnx refers to another file for its weights"):
        load_graph(path)


@pytest.mark.parametrize("place", ["/etc/passwd", "../model.onnx", "Model.onnx", "model.onnx2"])
@pytest.mark.parametrize("part", ["decoder", "wave"])
def test_a_part_takes_weights_from_nowhere_else(folder, part, place):
    onnx = pytest.importorskip("onnx")
    path = folder / f"{part}.onnx"
    graph = onnx.load(path, load_external_data=False)
    shared = [tensor for tensor in graph.graph.initializer if tensor.external_data]
    assert shared
    shared[-1].external_data[0].value = place
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(VoiceError, match=rf"{part}\.onnx refers to another file"):
        load(folder)


def test_a_reference_is_hidden_nowhere(folder):
    """An entry with two places, and one that only looks like an entry to who does not parse."""
    onnx = pytest.importorskip("onnx")
    path, entry = folder / "decoder.onnx", b"\x0a\x08location\x12\x0amodel.onnx"
    for hidden in (entry + b"\x12\x0b/etc/passwd", b"\x1a\x02\x6a\x16" + entry + b"\x12\x01x"):
        graph = onnx.load(path, load_external_data=False)
        raw = (
            graph.graph.initializer[-1].SerializeToString()
            + b"\x6a"
            + bytes([len(hidden)])
            + hidden
        )
        graph.graph.initializer[-1].ParseFromString(raw)
        (folder / "hidden.onnx").write_bytes(graph.SerializeToString() + b"\x12\x00")
        with pytest.raises(VoiceError, match="refers to another file"):
            load_graph(folder / "hidden.onnx", shares="model.onnx")


def test_parts_of_another_export_are_refused(folder):
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\x12\x00")
    with pytest.raises(VoiceError, match=r"are not of one export; write it again"):
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
    assert usable_threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    assert usable_threads() >= 1
