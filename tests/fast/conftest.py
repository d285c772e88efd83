"""The models of ``tests/models``: the fast forms must be those, decoder by decoder."""

import warnings
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

_spec = spec_from_file_location(
    "models_conftest", Path(__file__).resolve().parents[1] / "models" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_models = module_from_spec(_spec)
_spec.loader.exec_module(_models)

make_model, draw, decoder = _models.make_model, _models.draw, _models.decoder


@pytest.fixture
def operations() -> Callable[..., list[str]]:
    """Trace a module as the ONNX export does; return the operations of its graph."""

    def trace(module: torch.nn.Module, values: tuple[torch.Tensor, ...]) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torch.jit.TracerWarning)
            graph, _ = torch.jit._get_trace_graph(module, values)
        return [node.kind() for node in graph.nodes()]

    return trace
