"""The graphs with which a voice folder speaks in ONNX Runtime; they take its weights as they are.

A graph refers to tensors of ``model.safetensors`` by their place in the file. Half precision is
converted, weight normalisation folded and a matrix transposed by nodes that the runtime evaluates
once, when it loads the graph. So a voice holds its weights once, for torch and ONNX Runtime.
"""

import json
import shutil
import struct
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from vits.errors import VoiceError
from vits.export import generic
from vits.export.example_inputs import example_inputs
from vits.export.packages import require
from vits.export.parts import SMALLEST_SHARED, make_parts, refer, verify_parts
from vits.export.target import trace
from vits.export.verify import ERROR_LIMITS
from vits.export.write import inference_copy
from vits.models.vits import Vits
from vits.synthesis.bundle.onnx_bundle import WEIGHTS_CHECKSUM, checksum
from vits.synthesis.bundle.read import read_voice
from vits.synthesis.bundle.voice_bundle import WEIGHTS

__all__ = ["AddedGraphs", "add_graphs"]

DTYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
DIRECTION, LENGTH = "original1", "original0"  # torch's names of a normalised weight's parts


class AddedGraphs(NamedTuple):
    """Graphs that were added to a voice.

    Attributes:
        difference: largest difference of the wave from torch's, relative to its peak.
        decibels: power of the difference over that of the wave (dB).
        graph_bytes: size of the graphs.
    """

    difference: float
    decibels: float
    graph_bytes: int


def add_graphs(folder: Path) -> AddedGraphs:
    """Write the graphs of a voice into its folder, and verify them against torch.

    Raises:
        MissingFileError: the folder does not exist.
        VoiceError: it is not a voice, the graphs do not match it, or the folder cannot be written.
            Nothing is changed then.
        MissingExtraError: the extra ``onnx`` is not installed.
    """
    bundle = read_voice(folder)
    model = inference_copy(bundle.generator)
    spec = generic.TARGET.graph_spec(bundle, inference_copy(bundle.generator), None)
    whole = trace(spec, spec.inputs(next(example_inputs(bundle))))
    parts = make_parts(whole, inference_copy(bundle.generator))
    stored = _StoredWeights(folder / WEIGHTS, model)
    try:
        with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder) as staging:
            new = Path(staging)
            shutil.copyfile(folder / WEIGHTS, new / WEIGHTS)
            for name, graph in parts.items():
                stored.take_over(graph)
                graph.metadata_props.add(key=WEIGHTS_CHECKSUM, value=checksum(folder / WEIGHTS))
                (new / name).write_bytes(graph.SerializeToString())
            difference, decibels = verify_parts(new, bundle, model)
            if not difference <= ERROR_LIMITS["fp32"]:
                raise VoiceError(
                    f"the graphs differ from torch by {difference:.2g} of the peak, more than "
                    f"{ERROR_LIMITS['fp32']:g}; nothing was written"
                )
            size = sum((new / name).stat().st_size for name in parts)
            for name in parts:
                (new / name).replace(folder / name)
    except OSError as error:
        raise VoiceError(f"cannot write into {folder}: {error.strerror or error}") from error
    return AddedGraphs(difference, decibels, size)


class _Place(NamedTuple):
    """Where a tensor is in a safetensors file.

    Attributes:
        dtype: of its values.
        shape: of the tensor.
        at: its first byte.
        size: its bytes.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    at: int
    size: int


class _StoredWeights:
    """Finds the float32 weights of a model in its file.

    Args:
        path: the safetensors file.
        model: read from it, with weight norm folded.
    """

    def __init__(self, path: Path, model: Vits) -> None:
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        self._places: dict[str, _Place] = {}
        for name, entry in json.loads(data[8 : 8 + length]).items():
            if entry.get("dtype") in DTYPES:
                begin, end = (8 + length + offset for offset in entry["data_offsets"])
                shape = tuple(entry["shape"])
                self._places[name] = _Place(DTYPES[entry["dtype"]], shape, begin, end - begin)
        named = {name: value.numpy() for name, value in model.state_dict().items()}
        self._names = {value.T.tobytes(): (name, True) for name, value in named.items()}
        self._names |= {value.tobytes(): (name, False) for name, value in named.items()}

    def take_over(self, graph: Any) -> None:
        """Replace the large weights of a graph by references to the file."""
        onnx, nodes = require("onnx"), list[Any]()
        for tensor in list(graph.graph.initializer):
            values = onnx.numpy_helper.to_array(tensor)
            if values.nbytes < SMALLEST_SHARED or values.dtype != np.float32:
                continue
            name, transposed = self._names.get(values.tobytes(), ("", False))
            head, _, attribute = name.rpartition(".")
            folded = f"{head}.parametrizations.{attribute}"
            if name in self._places:
                found = self._read(graph, name, nodes)
            elif f"{folded}.{DIRECTION}" in self._places:
                found = self._fold(graph, folded, nodes)
            else:
                continue
            graph.graph.initializer.remove(tensor)
            kind = "Transpose" if transposed else "Identity"
            nodes.append(onnx.helper.make_node(kind, [found], [tensor.name]))
        nodes += graph.graph.node
        del graph.graph.node[:]
        graph.graph.node.extend(nodes)

    def _read(self, graph: Any, name: str, nodes: list[Any]) -> str:
        """Add a stored tensor to a graph and return its name in float32."""
        onnx, place, wide = require("onnx"), self._places[name], f"stored.{name}"
        if any(wide in node.output for node in nodes):
            return wide
        kind = onnx.helper.np_dtype_to_tensor_dtype(place.dtype)
        tensor = onnx.TensorProto(name=f"{wide}.values", data_type=kind, dims=place.shape)
        refer(tensor, WEIGHTS, place.at, place.size)
        graph.graph.initializer.append(tensor)
        nodes.append(onnx.helper.make_node("Cast", [tensor.name], [wide], to=1))
        return wide

    def _fold(self, graph: Any, name: str, nodes: list[Any]) -> str:
        """Add a normalised weight to a graph: v * (g / |v|), as torch folds it."""
        v = self._read(graph, f"{name}.{DIRECTION}", nodes)
        g = self._read(graph, f"{name}.{LENGTH}", nodes)
        make, axes = require("onnx").helper.make_node, range(1, len(self._shape(name)))
        nodes.append(make("ReduceL2", [v], [f"{v}.norm"], axes=list(axes), keepdims=1))
        nodes.append(make("Div", [g, f"{v}.norm"], [f"{v}.scale"]))
        nodes.append(make("Mul", [v, f"{v}.scale"], [f"{v}.folded"]))
        return f"{v}.folded"

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._places[f"{name}.{DIRECTION}"].shape
