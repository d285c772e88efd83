"""One exported voice of every kind, and graphs made from it."""

import json

import pytest

from vits.synthesis.bundle.description import DESCRIPTION


@pytest.fixture(scope="session")
def piper_graph(exported):
    """Return the bytes of Piper's graph and of its JSON."""
    _, folder = exported("piper")
    (graph,) = folder.glob("*.onnx")
    return graph.read_bytes(), graph.with_name(f"{graph.name}.json").read_bytes()


@pytest.fixture
def edited(piper_graph, tmp_path):
    """Write Piper's graph after an edit of the model; return its path.

    Without ``described`` its JSON has Piper's own keys alone.
    """
    import onnx

    def edit(change, *, described=True):
        model = onnx.load_from_string(piper_graph[0])
        replaced = change(model)
        path = tmp_path / "voice.onnx"
        data = replaced if isinstance(replaced, bytes) else model.SerializeToString()
        path.write_bytes(data)
        settings = json.loads(piper_graph[1])
        if not described:
            del settings[DESCRIPTION]
        path.with_name("voice.onnx.json").write_text(json.dumps(settings), encoding="utf-8")
        return path

    return edit
