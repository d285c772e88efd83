import sys

import pytest
import torch

import vits.cli
from vits.errors import MissingExtraError, VoiceError
from vits.synthesis import write_voice


@pytest.fixture
def write():
    pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    from vits.export.write import write

    return write


@pytest.fixture
def traced(export, replay_traces, monkeypatch):
    """Use the graphs of earlier exports instead of tracing the voice ``small`` again."""
    pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    replays = {
        to: replay_traces(export("small", to).graph.parent.parent) for to in ("onnx", "piper")
    }

    def tracing(spec, inputs):
        return replays["piper" if spec.outputs == ("output",) else "onnx"](spec, inputs)

    for module in ("write", "parts"):
        monkeypatch.setattr(f"vits.export.{module}.trace", tracing)


@pytest.mark.usefixtures("traced")
def test_a_graph_of_another_voice_is_refused_and_nothing_is_left(
    write, make_voice, tmp_path, monkeypatch
):
    import vits.export.write as module

    def spoil(graph, precision):
        onnx = pytest.importorskip("onnx")
        for tensor in graph.graph.initializer:
            if tensor.name.endswith("decoder.post.bias"):
                value = onnx.numpy_helper.to_array(tensor) + 0.01
                tensor.CopyFrom(onnx.numpy_helper.from_array(value, tensor.name))

    monkeypatch.setattr(module, "quantize", spoil)
    with pytest.raises(VoiceError, match=r"fp32 graph does not match the voice: .* of its peak"):
        write(make_voice("small"), tmp_path / "out", "onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("traced")
def test_a_graph_that_does_not_run_is_refused_and_nothing_is_left(
    write, make_voice, tmp_path, monkeypatch
):
    import vits.export.write as module

    monkeypatch.setattr(module, "_save", lambda graph, path: path.write_bytes(b"no graph"))
    with pytest.raises(VoiceError, match="ONNX Runtime does not load the graph"):
        write(make_voice("small"), tmp_path / "out", "onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("traced")
def test_parts_of_another_voice_are_refused_and_nothing_is_left(
    write, make_voice, tmp_path, monkeypatch
):
    import vits.export.parts as module

    def spoil(graph, precision):
        for tensor in graph.graph.initializer:
            if tensor.name.endswith("decoder.post.bias"):
                tensor.raw_data = tensor.raw_data[:-4] + bytes.fromhex("0000003f")

    monkeypatch.setattr(module, "quantize", spoil)
    with pytest.raises(VoiceError, match=r"fp32 graph does not match the voice: .* of its peak"):
        write(make_voice("small"), tmp_path / "out", "onnx")
    assert not list(tmp_path.iterdir())


def test_an_export_does_not_change_the_voice(export, make_voice):
    bundle = make_voice("small")
    export("small", "onnx")
    names = set(bundle.generator.state_dict())
    assert any("original0" in name for name in names)
    assert "decoder.inverse.turn" not in names
    assert torch.is_grad_enabled()


def test_a_folder_in_use_is_refused_before_any_work(write, make_voice, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(VoiceError, match="is in use"):
        write(make_voice("small"), tmp_path, "piper")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_missing_extra_is_named(make_voice, tmp_path, monkeypatch):
    from vits.export.write import write

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vits\[onnx\]'"):
        write(make_voice("small"), tmp_path / "out", "onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("traced")
def test_the_command_writes_and_prints_the_verification(make_voice, tmp_path, capsys, monkeypatch):
    pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    monkeypatch.chdir(tmp_path)
    write_voice(tmp_path / "voice", make_voice("small"))
    assert vits.cli.main(["export", "voice", "--to", "piper", "--precision", "fp16"]) == 0
    out = capsys.readouterr().out
    assert "Ada-1-piper-fp16: written for piper, fp16: en_US-ada_1-low.onnx" in out
    for part in ("of its peak (-", " dB)", "size: ", "real-time factor: "):
        assert part in out
    names = {path.name for path in (tmp_path / "Ada-1-piper-fp16").iterdir()}
    assert names == {"en_US-ada_1-low.onnx", "en_US-ada_1-low.onnx.json"}


def test_the_command_fails_with_one_line(tmp_path, capsys):
    assert vits.cli.main(["export", str(tmp_path / "none"), "--to", "onnx"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("vits: ")
    assert err.count("\n") == 1
