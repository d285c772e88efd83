"""Weight quantization: weights stored in half precision or 8 bits, arithmetic in float32.

Quantized weights are converted back to float32 by nodes that a runtime evaluates once, when it
loads the file, so speed and memory are those of float32. Nothing that durations depend on is
rounded, so durations are exactly those of the float32 graph.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vits.export.packages import require

__all__ = ["PRECISIONS", "quantize"]

PRECISIONS = ("fp32", "fp16", "int8")
MIN_SIZE = 256  # smaller tensors are not worth quantizing
STEPS = 127  # quantization steps on either side of zero


def quantize(model: Any, precision: str) -> None:
    """Quantize the weights of an ``onnx.ModelProto`` in place.

    - ``fp32``: nothing.
    - ``fp16``: half precision.
    - ``int8``: integers from -127 to 127, with one scale for each output channel.

    Tensors that durations depend on stay float32 unless half precision represents them exactly.
    """
    if precision == "fp32":
        return
    kept, graph, added = _inputs_of_durations(model), model.graph, []
    helper, arrays = require("onnx").helper, require("onnx").numpy_helper
    axes = {
        node.input[1]: int(node.op_type in ("ConvTranspose", "MatMul"))
        for node in graph.node
        if len(node.input) > 1
    }
    for tensor in list(graph.initializer):
        values = arrays.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_SIZE:
            continue
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.isfinite(half).all() or (tensor.name in kept and (half != values).any()):
            continue
        name, small = tensor.name, f"{tensor.name}.stored"
        graph.initializer.remove(tensor)
        if precision == "fp16" or tensor.name in kept or values.ndim < 2:
            added.append(helper.make_node("Cast", [small], [name], to=1))
            stored = half
        else:
            stored, scale = _to_int8(values, axes.get(name, 0))
            graph.initializer.append(arrays.from_array(scale, f"{name}.scale"))
            added.append(helper.make_node("Cast", [small], [f"{name}.whole"], to=1))
            added.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name]))
        graph.initializer.append(arrays.from_array(stored, small))
    nodes = [*added, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _to_int8(values: NDArray[Any], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 values, and the scale for each index of an axis."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.abs(values).max(axis=others, keepdims=True) / STEPS
    scale = np.where(scale == 0, 1, scale).astype(np.float32)
    return np.round(values / scale).astype(np.int8), scale


def _inputs_of_durations(model: Any) -> set[str]:
    """Return the names of all tensors that the durations, the graph's only Ceil, depend on.

    A graph of the decoder has no Ceil.
    """
    producers = {name: node for node in model.graph.node for name in node.output}
    visited: set[str] = set()
    pending = [name for node in model.graph.node if node.op_type == "Ceil" for name in node.input]
    while pending:
        name = pending.pop()
        if name and name not in visited:
            visited.add(name)
            pending += _inputs(producers.get(name))
    return visited


def _inputs(node: Any) -> Iterable[str]:
    return () if node is None else node.input
