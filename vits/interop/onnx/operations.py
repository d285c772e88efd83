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
    for node in model.graph.node:
        fault = _fault(node, shapes)
        if fault:
            name = shown(node.name or node.op_type)
            raise VoiceError(f"{source}: the node {name} ({shown(node.op_type)}) has {fault}")


def _fault(node: Any, shapes: dict[str, list[int]]) -> str:
    """Return what is wrong with a node; "" for nothing."""
    if node.domain not in DOMAINS:
        return f"the unknown domain {shown(node.domain)}"
    if node.op_type == "LeakyRelu":
        slope = next((a.f for a in node.attribute if a.name == "alpha"), DEFAULT_SLOPE)
        if not any(abs(slope - usual) <= ROUNDING for usual in SLOPES):
            return f"the slope {slope:.6g}; a VITS has {SLOPES[0]}, and {SLOPES[1]} at the end"
    if node.op_type in ("Conv", "ConvTranspose") and len(node.input) > 1:
        kernel = next((list(a.ints) for a in node.attribute if a.name == "kernel_shape"), None)
        shape = shapes.get(node.input[1])
        if kernel is not None and shape is not None and kernel != shape[2:]:
            return f"the kernel_shape {kernel[:4]}, but its weight has {shape[2:6]}"
    return ""


def shown(name: str) -> str:
    """Shorten a name from the file for a message."""
    return "".join(c if c.isprintable() else "?" for c in name[:120]) or "(no name)"
