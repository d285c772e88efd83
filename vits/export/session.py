"""Run a graph in ONNX Runtime; expose its noise as inputs and its durations as an output."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vits.errors import VoiceError
from vits.export.graph import PITCH
from vits.export.packages import require

__all__ = ["Session", "expose_noise", "expose_pitch"]


class Session:
    """A graph in ONNX Runtime, with as many threads as torch uses.

    Args:
        graph: content of an ONNX file.

    Attributes:
        inputs: names of the inputs, optional ones included.

    Raises:
        VoiceError: ONNX Runtime does not load the graph.
    """

    def __init__(self, graph: bytes) -> None:
        runtime = require("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # errors are raised instead
        try:
            self._session = runtime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no common base class
            raise VoiceError(f"ONNX Runtime does not load the graph: {error}") from error
        entries = [*self._session.get_inputs(), *self._session.get_overridable_initializers()]
        self.inputs = {entry.name for entry in entries}

    def run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Return all outputs.

        Raises:
            VoiceError: the graph does not run with these inputs.
        """
        try:
            return self._session.run(None, dict(feed))
        except Exception as error:
            raise VoiceError(f"ONNX Runtime does not run the graph: {error}") from error


def expose_noise(graph: bytes, *, pitched: bool = False) -> bytes:
    """Return a graph that takes noise as inputs instead of drawing it.

    The inputs are ``duration_noise`` (1, 2, N), ``noise`` (1, C, N) and, for a voice with pitch,
    ``excitation_noise`` (1, 1, N); the graph cuts them to the shapes it needs. The output of the
    only Ceil, the durations (1, 1, S) in frames, becomes the second output.
    """
    onnx = require("onnx")
    model = onnx.load_from_string(graph)
    random_nodes = [node for node in model.graph.node if node.op_type == "RandomNormalLike"]
    # torch numbers their names in the order of the draws: Random, Random_1, ...
    random_nodes.sort(key=lambda node: (len(node.name), node.name))
    names = ["duration_noise", "noise", *(["excitation_noise"] if pitched else [])]
    # a deterministic predictor draws nothing; the others draw after it
    for node, name in zip(random_nodes, names[-len(random_nodes) :], strict=True):
        _replace(model, node, name)
    (durations,) = [node for node in model.graph.node if node.op_type == "Ceil"]
    model.graph.output.append(onnx.ValueInfoProto(name=durations.output[0]))
    return model.SerializeToString()


def expose_pitch(graph: bytes) -> bytes:
    """Return the graph of a voice with pitch with one more output, its ``PITCH``."""
    onnx = require("onnx")
    model = onnx.load_from_string(graph)
    model.graph.output.append(onnx.ValueInfoProto(name=PITCH))
    return model.SerializeToString()


def _replace(model: Any, node: Any, name: str) -> None:
    """Replace a node by a new input that is sliced to the shape of the node's output."""
    onnx = require("onnx")
    helper, arrays = onnx.helper, onnx.numpy_helper
    entry = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, None, None])
    model.graph.input.append(entry)
    shape, start = f"{name}.shape", f"{name}.start"
    model.graph.initializer.append(arrays.from_array(np.zeros(3, np.int64), start))
    at = list(model.graph.node).index(node)
    model.graph.node.remove(node)
    cut = helper.make_node("Slice", [name, start, shape], [node.output[0]])
    model.graph.node.insert(at, cut)
    model.graph.node.insert(at, helper.make_node("Shape", [node.input[0]], [shape]))
