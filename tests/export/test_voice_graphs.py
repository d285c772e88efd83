"""Graphs in a voice folder: the voice in ONNX Runtime is the voice in torch."""

import shutil

import numpy as np
import pytest

from vits.cli import main
from vits.errors import VoiceError
from vits.export import voice_graphs
from vits.export.voice_graphs import add_graphs
from vits.synthesis import OnnxVoice, Voice, load
from vits.synthesis.bundle.onnx_bundle import has_graphs
from vits.synthesis.bundle.write import write_voice
from vits.synthesis.stream import join

TEXT = "Hello there. How are you?"


@pytest.fixture(scope="module")
def folders(export, make_voice, replay_traces, tmp_path_factory):
    """Write a voice with graphs, whose traces are those of its export; return its folder."""
    made = {}

    def make(name):
        if name not in made:
            folder = write_voice(tmp_path_factory.mktemp(name) / "voice", make_voice(name))
            # tracing takes seconds, and the traced graphs are the same
            trace = replay_traces(export(name, "onnx").graph.parent.parent)
            with pytest.MonkeyPatch.context() as patch:
                for module in ("voice_graphs", "parts"):
                    patch.setattr(f"vits.export.{module}.trace", trace)
                made[name] = folder, add_graphs(folder)
        return made[name]

    return make


@pytest.fixture
def folder(folders, tmp_path):
    """Return a voice with graphs that may be changed."""
    return shutil.copytree(folders("small")[0], tmp_path / "voice")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["original", "small", "duo", "vits2"])
def test_a_seed_gives_the_samples_of_torch(folders, name):
    folder, added = folders(name)
    ours, torchs = load(folder), load(folder, runtime="torch")
    assert isinstance(ours, OnnxVoice)
    assert isinstance(torchs, Voice)
    spoken, expected = (voice(TEXT, seed=3) for voice in (ours, torchs))
    assert spoken.words == expected.words
    peak = np.abs(expected.samples).max()
    np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4 * peak)
    streamed = join(list(ours.stream(TEXT, seed=3)))
    np.testing.assert_allclose(streamed.samples, expected.samples, atol=1e-4 * peak)
    assert added.difference <= 1e-4
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.onnx")}
    assert added.graph_bytes == sum(sizes.values())
    for voice in (ours, torchs):
        assert voice.card.name == "Ada 1"
    assert ours.speakers == torchs.speakers


def test_a_graph_takes_its_weights_from_the_voice(folder):
    onnx = pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    for name in ("text.onnx", "wave.onnx", "decoder.onnx"):
        graph = onnx.load(folder / name, load_external_data=False).graph
        large = [t for t in graph.initializer if len(t.raw_data) >= 1024]
        assert not [t.name for t in large if t.name.endswith((".weight", ".bias"))]
        places = {entry.value for t in graph.initializer for entry in t.external_data[:1]}
        assert places == {"model.safetensors"}


def test_the_runtime_is_that_of_the_request(folder, monkeypatch):
    assert isinstance(load(folder), OnnxVoice)
    assert isinstance(load(folder, runtime="onnx", precision="auto"), OnnxVoice)
    for options in ({"precision": "plain"}, {"precision": "auto"}, {"runtime": "torch"}):
        assert isinstance(load(folder, **options), Voice)
    for options, fault in (
        ({"runtime": "jax"}, "runtime 'jax' must be onnx or torch"),
        ({"runtime": "onnx", "precision": "bf16"}, "precision 'bf16' must be fp32 or auto"),
        ({"runtime": "onnx", "device": "cuda"}, "device 'cuda' must be cpu"),
    ):
        with pytest.raises(VoiceError, match=fault):
            load(folder, **options)
    monkeypatch.setattr("vits.synthesis.api.find_spec", lambda name: None)
    assert isinstance(load(folder), Voice)
    (folder / "text.onnx").unlink()
    with pytest.raises(VoiceError, match=r"has no graphs; .* vits export VOICE --in-place"):
        load(folder, runtime="onnx")


def test_graphs_of_other_weights_are_refused(folder, make_voice):
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(VoiceError, match=r"were made for other weights; .* --in-place"):
        load(folder)
    write_voice(folder, make_voice("small"), force=True)  # which does not keep them
    assert not has_graphs(folder)


def test_graphs_that_differ_from_torch_are_not_written(folders, tmp_path, monkeypatch):
    folder = shutil.copytree(folders("small")[0], tmp_path / "voice")
    for path in folder.glob("*.onnx"):
        path.unlink()
    monkeypatch.setattr(voice_graphs, "trace", lambda *_: None)
    monkeypatch.setattr(voice_graphs, "make_parts", lambda *_: {})
    monkeypatch.setattr(voice_graphs, "verify_parts", lambda *_: (0.2, -10.0))
    with pytest.raises(VoiceError, match=r"differ from torch by 0\.2 of the peak"):
        add_graphs(folder)
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--in-place"], "VOICE must name a folder"),
        (["x", "--in-place", "-o", "y"], "--output must be left out"),
        (["x", "--in-place", "--precision", "int8"], "--precision must be left out"),
        (["no such voice", "--in-place"], "does not exist"),
        (["x", "--in-place", "--to", "onnx"], "not allowed with"),
    ],
)
def test_what_cannot_be_done_in_place_is_refused(words, fault, capsys):
    assert main(["export", *words]) == 2
    assert fault in capsys.readouterr().err
