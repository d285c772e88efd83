"""A folded graph gives the same output, stays within the standard, and is no larger."""

import numpy as np
import pytest

from vits.export.example_inputs import example_inputs
from vits.export.session import Session
from vits.export.write import TARGETS, inference_copy

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")


@pytest.fixture(scope="module", params=["small", "duo"])
def graphs(request, make_voice, export):
    """A traced graph, the folded graph, and the inputs of a sentence."""
    bundle = make_voice(request.param)
    path = export(request.param, "onnx").graph
    traced, folded = onnx.load(path.parent.parent / "unfolded-0"), onnx.load(path)
    example = next(example_inputs(bundle))
    spec = TARGETS["onnx"].graph_spec(bundle, inference_copy(bundle.generator), None)
    for name, default in spec.optional.items():
        traced.graph.initializer.append(onnx.numpy_helper.from_array(default.numpy(), name))
    return traced, folded, spec.inputs(example)


def test_folding_keeps_the_voice_and_the_standard(graphs):
    traced, folded, inputs = graphs
    onnx.checker.check_model(folded, full_check=True)
    assert [(entry.domain, entry.version) for entry in folded.opset_import] == [("", 17)]
    assert {node.domain for node in folded.graph.node} <= {"", "ai.onnx"}
    assert [node.op_type for node in folded.graph.node].count("Ceil") == 1
    before, after = (
        {entry.name: entry.type.SerializeToString() for entry in (*graph.input, *graph.output)}
        for graph in (traced.graph, folded.graph)
    )
    # inputs that the tracer left out are back, and tensors of which parts are made are gone
    assert list(after) == [*inputs, "wave", "durations"]
    assert all(before.get(name, kind) == kind for name, kind in after.items())
    feed = {name: value.numpy() for name, value in inputs.items()}
    sessions = [Session(graph.SerializeToString()) for graph in (traced, folded)]
    one, other = (
        session.run({name: feed[name] for name in feed.keys() & session.inputs})[:2]
        for session in sessions
    )
    np.testing.assert_array_equal(one[1], other[1])
    np.testing.assert_allclose(other[0], one[0], atol=1e-5 * np.abs(one[0]).max())


def test_folding_leaves_little_to_do_at_loading(graphs):
    traced, folded, _ = graphs
    assert len(folded.graph.node) < 0.6 * len(traced.graph.node)
    assert len(folded.SerializeToString()) < 1.05 * len(traced.SerializeToString())
