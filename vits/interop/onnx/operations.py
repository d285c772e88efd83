"""Whether the operations of a graph are those of a VITS, where the weights alone do not tell."""

from pathlib import Path
from typing import Any

from vits.errors import VoiceError
from vits.layers.residual import LEAKY_SLOPE
from vits.models.decoder import LAST_SLOPE

__all__ = ["check_operations", "shown"]

DOMAINS = ("", "ai.onnx", "com.microsoft")  # ONNX and what ONNX Runtime's optimiser writes
SLOPES = (LEAKY_SLOPE, LAST_SLOPE)
DEFAULT_SLOPE = 0.01  # of the operation LeakyRelu
LAST_AXES = (-1, 3)  # of attention (B, H, T, T) and of the bins of splines (B, C, T, N)
RESHAPING = ("Unsqueeze", "Squeeze", "Reshape", "Identity", "Cast", "Transpose")
CHANGES = ("Add", "Sub", "Mul", "Div")
ROUNDING = 1e-6  # of a slope stored in float32


def check_operations(model: Any, source: Path) -> None:
    """Require operations that are known, each with the meaning that it has in a VITS.

    Args:
        model: an ``onnx.ModelProto``.
        source: its file, named in error messages.

    Raises:
        VoiceError: an operation is the file's own, or computes something else; or a tensor is
            stored twice.
    """
    if model.functions:
        name = model.functions[0].name
        raise VoiceError(f"{source} defines an operation of its own, {shown(name)}; no VITS does")
    shapes: dict[str, list[int]] = {}
    for tensor in model.graph.initializer:
        if tensor.name in shapes:
            raise VoiceError(f"{source}: the tensor {shown(tensor.name)} is stored twice")
        shapes[tensor.name] = list(tensor.dims)
    wiring = _Wiring(model.graph)
    for node in model.graph.node:
        fault = _fault(node, shapes) or wiring.fault(node)
        if fault:
            name = shown(node.name or node.op_type)
            raise VoiceError(f"{source}: the node {name} ({shown(node.op_type)}) has {fault}")


class _Wiring:
    """What the operations without weights take, where a VITS leaves no choice.

    Args:
        graph: an ``onnx.GraphProto``.
    """

    def __init__(self, graph: Any) -> None:
        self._producers = {name: node for node in graph.node for name in node.output}
        self._constants = {tensor.name for tensor in graph.initializer}
        gated = [node for node in graph.node if node.op_type == "Mul" and self._takes_tanh(node)]
        self._gates = {name for node in gated for name in node.input}
        self._last = self._last_computation(graph.output[0].name) if graph.output else None

    def fault(self, node: Any) -> str:
        """Return what is wrong with the place of a node; "" for nothing."""
        if node.op_type == "Sigmoid" and node.output[0] not in self._gates:
            return "no tanh to gate, as each sigmoid of a WaveNet has"
        if node is self._last and node.op_type in CHANGES and self._changes(node):
            return "a place after the decoder, where a VITS changes nothing"
        return ""

    def _takes_tanh(self, node: Any) -> bool:
        found = (self._producers.get(name) for name in node.input)
        return any(each is not None and each.op_type == "Tanh" for each in found)

    def _last_computation(self, name: str) -> Any:
        """Return the node that computes an output, before its shape is changed."""
        node = self._producers.get(name)
        while node is not None and node.op_type in RESHAPING:
            node = self._producers.get(node.input[0])
        return node

    def _changes(self, node: Any) -> bool:
        """Return whether a node adds, or multiplies by a constant; a mask is computed."""
        if node.op_type in ("Add", "Sub"):
            return True
        found = [self._producers.get(name) for name in node.input]
        return any(
            name in self._constants or (made is not None and made.op_type == "Constant")
            for name, made in zip(node.input, found, strict=True)
        )


def _fault(node: Any, shapes: dict[str, list[int]]) -> str:
    """Return what is wrong with a node; "" for nothing."""
    if node.domain not in DOMAINS:
        return f"the unknown domain {shown(node.domain)}"
    if node.op_type == "LeakyRelu":
        slope = next((a.f for a in node.attribute if a.name == "alpha"), DEFAULT_SLOPE)
        if not any(abs(slope - usual) <= ROUNDING for usual in SLOPES):
            return f"the slope {slope:.6g}; a VITS has {SLOPES[0]}, and {SLOPES[1]} at the end"
    if node.op_type == "Softmax":
        axis = next((a.i for a in node.attribute if a.name == "axis"), LAST_AXES[0])
        if axis not in LAST_AXES:
            return f"the axis {axis}; a VITS has the last"
    if node.op_type in ("Conv", "ConvTranspose") and len(node.input) > 1:
        kernel = next((list(a.ints) for a in node.attribute if a.name == "kernel_shape"), None)
        shape = shapes.get(node.input[1])
        if kernel is not None and shape is not None and kernel != shape[2:]:
            return f"the kernel_shape {kernel[:4]}, but its weight has {shape[2:6]}"
    return ""


def shown(name: str) -> str:
    """Shorten a name from the file for a message."""
    return "".join(c if c.isprintable() else "?" for c in name[:120]) or "(no name)"
