"""Smaller files: weights in half precision or in eight bits, arithmetic in float32.

A weight that is stored smaller is made float32 again by operations of its own, which a runtime does
once, when it loads the file: speed and memory are those of float32. Nothing that a duration depends
on is rounded, so a small file says everything in exactly the time of the large one.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vits.export.packages import require

__all__ = ["PRECISIONS", "shrink"]

PRECISIONS = ("fp32", "fp16", "int8")
LEAST = 256  # numbers in a tensor from which on it is worth storing differently
STEPS = 127  # of a signed byte on either side of zero


def shrink(model: Any, precision: str) -> None:
    """Store the weights of an ``onnx.ModelProto`` in a precision, in place.

    - ``fp16``: half precision.
    - ``int8``: whole numbers from -127 to 127, times one scale for each output channel.

    Tensors that durations depend on are kept, but for those that half precision holds exactly.
    """
    if precision == "fp32":
        return
    kept, graph, added = _behind_durations(model), model.graph, []
    helper, arrays = require("onnx").helper, require("onnx").numpy_helper
    axes = {
        node.input[1]: int(node.op_type in ("ConvTranspose", "MatMul"))
        for node in graph.node
        if len(node.input) > 1
    }
    for tensor in list(graph.initializer):
        values = arrays.to_array(tensor)
        if values.dtype != np.float32 or values.size < LEAST:
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
            stored, scale = _in_bytes(values, axes.get(name, 0))
            graph.initializer.append(arrays.from_array(scale, f"{name}.scale"))
            added.append(helper.make_node("Cast", [small], [f"{name}.whole"], to=1))
            added.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name]))
        graph.initializer.append(arrays.from_array(stored, small))
    nodes = [*added, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _in_bytes(values: NDArray[Any], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return whole numbers and the scale of each index of an axis."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.abs(values).max(axis=others, keepdims=True) / STEPS
    scale = np.where(scale == 0, 1, scale).astype(np.float32)
    return np.round(values / scale).astype(np.int8), scale


def _behind_durations(model: Any) -> set[str]:
    """Return the names of everything that the durations, the graph's only Ceil, depend on."""
    makers = {name: node for node in model.graph.node for name in node.output}
    (durations,) = [node for node in model.graph.node if node.op_type == "Ceil"]
    seen: set[str] = set()
    waiting: list[str] = list(durations.input)
    while waiting:
        name = waiting.pop()
        if name and name not in seen:
            seen.add(name)
            waiting += _inputs(makers.get(name))
    return seen


def _inputs(node: Any) -> Iterable[str]:
    return () if node is None else node.input
