"""A folded graph gives the same output, stays within the standard, and is no larger."""

import json

import numpy as np
import pytest

from vits.export import target as tracing
from vits.export.example_inputs import example_inputs
from vits.export.session import Session
from vits.export.write import TARGETS, _inference_copy

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")


@pytest.fixture(scope="module", params=["small", "duo"])
def graphs(request, make_voice, export):
    """A traced graph, the folded graph, and the inputs of a sentence."""
    bundle = make_voice(request.param)
    spec = TARGETS["onnx"].graph_spec(bundle, _inference_copy(bundle.generator), None)
    example = next(example_inputs(bundle))
    folded = onnx.load(export(request.param, "onnx").graph)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracing, "fold_constants", lambda model: model)
        traced = tracing.trace(spec, example)
    return traced, folded, spec.inputs(example)


def test_folding_keeps_the_voice_and_the_standard(graphs):
    traced, folded, inputs = graphs
    onnx.checker.check_model(folded, full_check=True)
    assert [(entry.domain, entry.version) for entry in folded.opset_import] == [("", 17)]
    assert {node.domain for node in folded.graph.node} <= {"", "ai.onnx"}
    assert [node.op_type for node in folded.graph.node].count("Ceil") == 1
    for part in ("input", "output"):
        before, after = (
            [(entry.name, entry.type.SerializeToString()) for entry in getattr(graph.graph, part)]
            for graph in (traced, folded)
        )
        assert before == after
    meta = [
        {entry.key: entry.value for entry in graph.metadata_props} for graph in (traced, folded)
    ]
    assert json.loads(meta[1].pop("vits.voice"))["format"] == 1  # the export adds it
    assert meta[0] == meta[1]
    feed = {name: value.numpy() for name, value in inputs.items()}
    one, other = (Session(graph.SerializeToString()).run(feed) for graph in (traced, folded))
    np.testing.assert_array_equal(one[1], other[1])
    np.testing.assert_allclose(other[0], one[0], atol=1e-5 * np.abs(one[0]).max())


def test_folding_leaves_little_to_do_at_loading(graphs):
    traced, folded, _ = graphs
    assert len(folded.graph.node) < 0.6 * len(traced.graph.node)
    assert len(folded.SerializeToString()) < 1.05 * len(traced.SerializeToString())
