import numpy as np
import pytest

from vits.export.quantization import PRECISIONS, quantize
from vits.export.verify import ERROR_LIMITS


def test_small_files_are_the_same_voice_within_their_bound(export):
    whole, half, bytes_ = (export("small", "onnx", precision) for precision in PRECISIONS)
    assert whole.verification.decibels < half.verification.decibels < bytes_.verification.decibels
    assert half.verification.decibels <= -ERROR_LIMITS["fp16"]
    assert bytes_.verification.decibels <= -ERROR_LIMITS["int8"]


def test_small_files_are_small(export):
    sizes = [_weights(export("small", "onnx", precision).graph) for precision in PRECISIONS]
    assert sizes[0] > 1.2 * sizes[1] > 1.2 * sizes[2]


def _weights(path):
    onnx = pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    arrays = onnx.numpy_helper
    return sum(arrays.to_array(tensor).nbytes for tensor in onnx.load(path).graph.initializer)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_durations_are_bit_for_bit_those_of_float32(export, load, precision):
    rng = np.random.default_rng(6)
    sessions = [load(export("small", "onnx", p).graph) for p in ("fp32", precision)]
    for length in (5, 40, 150):
        one = np.ones(1, np.float32)
        feed = {
            "ids": rng.integers(1, 170, (1, length)),
            "id_lengths": np.array([length]),
            "noise_scale": one,
            "length_scale": one,
            "noise_scale_duration": one,
            "duration_noise": rng.standard_normal((1, 2, length), np.float32),
        }
        whole, small = (session.run(["durations"], feed)[0] for session in sessions)
        assert np.array_equal(whole, small)


def _graph(weight):
    """Make a graph of one product, with a Ceil that does not depend on it."""
    onnx = pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        make.make_node("MatMul", ["x", "w"], ["y"]),
        make.make_node("Ceil", ["x"], ["d"]),
    ]
    values = [make.make_tensor_value_info(n, kind, [1, None]) for n in ("x", "y", "d")]
    weights = [onnx.numpy_helper.from_array(weight, "w")]
    graph = make.make_graph(nodes, "g", values[:1], values[1:], weights)
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)


def _product(model, x):
    runtime = pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    return runtime.InferenceSession(model.SerializeToString()).run(["y"], {"x": x})[0]


@pytest.mark.parametrize(("precision", "error"), [("fp16", 2**-11), ("int8", 0.5 / 127)])
def test_weights_are_rounded_to_the_nearest(precision, error):
    rng = np.random.default_rng(7)
    weight = rng.standard_normal((16, 32), np.float32)
    model = _graph(weight)
    quantize(model, precision)
    found = _product(model, np.eye(16, dtype=np.float32)[:1])[0]
    largest = np.abs(weight).max(axis=0)  # of each output channel: a column of a product's weight
    difference = np.abs(found - weight[0])
    assert difference.any()
    assert (difference <= 1.001 * error * largest).all()


def test_what_half_precision_cannot_hold_stays(export):
    weight = np.full((16, 32), 1e6, np.float32)
    model = _graph(weight)
    quantize(model, "fp16")
    assert _product(model, np.eye(16, dtype=np.float32)[:1])[0, 0] == 1e6
