"""An ONNX graph as data: its constants, who makes and who reads each value, and attributes."""

import math
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vits.errors import MissingExtraError, VoiceError
from vits.interop.onnx.operations import check_operations, shown
from vits.interop.onnx.wire_limits import read_limited

__all__ = ["Convolution", "Graph", "read_graph"]

DTYPES = {1: torch.float32, 10: torch.float16, 11: torch.float64, 3: torch.int8, 7: torch.int64}
FLOAT32, EXTERNAL = 1, 1
LARGEST_SIZE = 1 << 24
CONVOLUTIONS = ("Conv", "ConvTranspose")
REPEATING = ("Loop", "Scan", "SequenceMap")
QUANTIZED = ("ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul", "DequantizeLinear")


class Convolution(NamedTuple):
    """A convolution's node.

    Attributes:
        transposed: whether it upsamples.
        weight: name of its weight.
        bias: name of its bias; "" for none.
        stride: step between two inputs or outputs.
        dilation: distance of two taps.
        groups: number of groups of channels.
        pads: zeros on the left and on the right.
    """

    transposed: bool
    weight: str
    bias: str
    stride: int
    dilation: int
    groups: int
    pads: tuple[int, int]


class Graph:
    """Constants and nodes of a graph; nothing of it is computed, except that constants are decoded.

    A constant is an initializer, a ``Constant``, or one of these behind ``Identity``, ``Cast`` or a
    multiplication by a scale, as files with small weights have it.

    Args:
        model: an ``onnx.ModelProto``.
        source: its file, named in error messages.

    Attributes:
        source: see Args.
        inputs: names of the inputs, in order.
        metadata: the file's metadata.
        nodes: all nodes, in order.
        constants: names of all constants.

    Raises:
        VoiceError: a value is used before it is made or made twice, a node repeats a part of the
            graph, or the weights are no longer those of the voice.
    """

    def __init__(self, model: Any, source: Path) -> None:
        graph = model.graph
        self.source = source
        self.metadata: Mapping[str, str] = {p.key: p.value for p in model.metadata_props}
        self._initializers = {tensor.name: tensor for tensor in graph.initializer}
        self.inputs = tuple(e.name for e in graph.input if e.name not in self._initializers)
        self.nodes: list[Any] = list(graph.node)
        self.constants = set(self._initializers)
        self._producers: dict[str, Any] = {}
        self._consumers: dict[str, list[Any]] = {}
        known = {*self.inputs, *self._initializers, ""}
        for node in self.nodes:
            self._add(node, known)

    def _add(self, node: Any, known: set[str]) -> None:
        kind = node.op_type
        if kind in REPEATING:
            raise VoiceError(
                f"{self.source}: the node {shown(node.name or kind)} ({kind}) repeats a part of "
                "the graph, which no VITS does"
            )
        if kind in QUANTIZED:
            raise VoiceError(
                f"{self.source}: the node {shown(node.name or kind)} ({kind}) computes with "
                "8-bit weights, which are no longer the voice's; use the float32 file"
            )
        for name in node.input:
            if name not in known:
                raise VoiceError(f"{self.source}: {shown(name)} is used before it is made")
            self._consumers.setdefault(name, []).append(node)
        for name in node.output:
            if name and name in known:
                raise VoiceError(f"{self.source}: {shown(name)} is made twice")
            known.add(name)
            self._producers[name] = node
        decoded = kind in ("Constant", "Identity", "Cast")
        scaled = kind == "Mul" and len(node.input) == 2
        if (decoded or scaled) and all(name in self.constants for name in node.input):
            self.constants.add(node.output[0])

    def consumers(self, name: str) -> list[Any]:
        """Return the nodes that read a value."""
        return self._consumers.get(name, [])

    def producer(self, name: str) -> Any:
        """Return the node that makes a value; None for a constant or an input."""
        return self._producers.get(name)

    def is_inner(self, name: str) -> bool:
        """Return whether a constant only serves to make other constants."""
        readers = self.consumers(name)
        return bool(readers) and all(node.output[0] in self.constants for node in readers)

    def tensor(self, name: str) -> Tensor:
        """Return a constant.

        Raises:
            VoiceError: it is stored elsewhere, of another type, or not of the size it claims.
        """
        if name in self._initializers:
            return self._decode(self._initializers[name], name)
        node = self._producers[name]
        if node.op_type == "Constant":
            held = [a.t for a in node.attribute if a.name == "value"]
            if not held:
                raise VoiceError(f"{self.source}: the constant {shown(name)} is not a tensor")
            return self._decode(held[0], name)
        first = self.tensor(node.input[0])
        if node.op_type == "Mul":
            return self._scaled(first.float(), self.tensor(node.input[1]).float(), name)
        if node.op_type == "Cast":
            to = next((a.i for a in node.attribute if a.name == "to"), FLOAT32)
            return first.to(DTYPES.get(to, first.dtype))
        return first

    def _scaled(self, values: Tensor, scale: Tensor, name: str) -> Tensor:
        """Multiply without ever making a tensor larger than ``values``."""
        sizes = zip(values.shape[values.ndim - scale.ndim :], scale.shape, strict=False)
        if scale.ndim > values.ndim or any(b not in (1, a) for a, b in sizes):
            raise VoiceError(f"{self.source}: the scale of {shown(name)} has another shape")
        return values * scale

    def _decode(self, tensor: Any, name: str) -> Tensor:
        if tensor.data_location == EXTERNAL or tensor.external_data:
            raise VoiceError(
                f"{self.source}: the tensor {shown(name)} is stored in another file, which is not "
                "opened; save the graph as one file"
            )
        dtype, shape = DTYPES.get(tensor.data_type), tuple(tensor.dims)
        if dtype is None:
            raise VoiceError(f"{self.source}: the tensor {shown(name)} has an unknown number type")
        if len(shape) > 8 or not all(0 <= size <= LARGEST_SIZE for size in shape):
            raise VoiceError(
                f"{self.source}: the tensor {shown(name)} has the impossible shape {shape[:8]}"
            )
        count, raw = math.prod(shape), tensor.raw_data
        numbers = tensor.float_data if tensor.data_type == FLOAT32 else tensor.int64_data
        if raw and len(numbers):
            raise VoiceError(f"{self.source}: the tensor {shown(name)} holds its numbers twice")
        if not raw and len(numbers) == count:
            return torch.tensor(list(numbers), dtype=dtype).reshape(shape)
        if len(raw) != count * dtype.itemsize:
            raise VoiceError(
                f"{self.source}: the tensor {shown(name)} claims {count} numbers, but holds "
                f"{len(raw)} bytes"
            )
        return (
            torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape)
            if count
            else torch.zeros(shape, dtype=dtype)
        )

    def convolution(self, node: Any) -> Convolution:
        """Describe a convolution of sequences.

        Raises:
            VoiceError: it has several dimensions or pads itself.
        """
        values: dict[str, Any] = {a.name: list(a.ints) or a.i or a.s for a in node.attribute}
        one: dict[str, int] = {}
        for key in ("strides", "dilations"):
            entry = values.get(key, [1])
            if not isinstance(entry, list) or len(entry) != 1 or not 0 < entry[0] < 1 << 16:
                raise self._odd(node, key)
            one[key] = entry[0]
        pads = values.get("pads", [0, 0])
        if not isinstance(pads, list) or len(pads) != 2:
            raise self._odd(node, "pads")
        for key, usual in (
            ("auto_pad", (b"", b"NOTSET", 0)),
            ("output_padding", ([0], 0)),
            ("output_shape", (None,)),
        ):
            if values.get(key, usual[0]) not in usual:
                raise self._odd(node, key)
        return Convolution(
            transposed=node.op_type == "ConvTranspose",
            weight=node.input[1],
            bias=node.input[2] if len(node.input) > 2 else "",
            stride=one["strides"],
            dilation=one["dilations"],
            groups=int(values.get("group", 1) or 1),
            pads=(pads[0], pads[1]),
        )

    def _odd(self, node: Any, key: str) -> VoiceError:
        return VoiceError(
            f"{self.source}: the convolution {shown(node.name)} has {key} that no VITS has"
        )


def read_graph(path: Path) -> Graph:
    """Read an ONNX file; no other file is opened and nothing of it is run.

    Raises:
        MissingFileError: the file does not exist.
        MissingExtraError: the extra ``onnx`` is not installed.
        VoiceError: it is damaged, too large, or not a graph of a voice.
    """
    data = read_limited(path)
    try:
        onnx = import_module("onnx")
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("reading an ONNX file", error.name, "onnx") from error
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # the parser's errors have no common base class
        raise VoiceError(f"{path} is damaged or not an ONNX file; copy it again") from error
    if not model.graph.node:
        raise VoiceError(f"{path} has no graph; copy it again")
    check_operations(model, path)
    return Graph(model, path)
