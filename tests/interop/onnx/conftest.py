"""One exported voice of every kind, and graphs made from it."""

import dataclasses
import functools
import json

import pytest
import torch

from vits.config import FrontendConfig
from vits.synthesis.bundle.description import DESCRIPTION
from vits.text import Frontend, SymbolTable


@pytest.fixture(scope="session")
def exported(make_voice, make_once):
    """Export a small voice once; return (voice, folder)."""
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'vits[onnx]'")
    from vits.export.write import TARGETS, write

    table = SymbolTable(("_", "^", "$", *SymbolTable.default().symbols[1:], "aɪ"))
    piper = Frontend(FrontendConfig(bos_eos=True, normalize=False), table)
    letters = Frontend(
        FrontendConfig(backend="graphemes", language="nl", normalize=False),
        SymbolTable.from_texts(["abcdefghijklmnopqrstuvwxyz ,.'"]),
    )
    voices = {
        "piper": lambda: make_voice(2, resblock="2", frontend=piper, n_symbols=len(table) + 3),
        "onnx": lambda: make_voice(1, kind="deterministic"),
        "sherpa": lambda: make_voice(1, frontend=letters),
    }

    def fill(to, folder):
        torch.set_num_threads(1)
        with pytest.MonkeyPatch.context() as patch:  # what an export speaks is tested there
            for name in ("verify", "require_equivalent"):
                patch.setattr(f"vits.export.write.{name}", lambda *_: None)
            patch.setitem(TARGETS, "onnx", dataclasses.replace(TARGETS["onnx"], write_parts=None))
            write(voices[to]().bundle, folder / "voice", to)

    def once(to):
        return voices[to](), make_once(f"read-{to}", functools.partial(fill, to)) / "voice"

    return once


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
