"""A graph in ONNX Runtime, and a graph opened up: its noise an input, its timings an output."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vits.errors import VoiceError
from vits.export.packages import require

__all__ = ["Session", "opened"]


class Session:
    """A graph, loaded with the threads that torch has.

    Args:
        graph: the bytes of a file.

    Attributes:
        inputs: their names, those that may be left out among them.

    Raises:
        VoiceError: ONNX Runtime does not load it.
    """

    def __init__(self, graph: bytes) -> None:
        runtime = require("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # what goes wrong is raised
        try:
            self._session = runtime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no base of their own
            raise VoiceError(f"ONNX Runtime does not load the graph: {error}") from error
        entries = [*self._session.get_inputs(), *self._session.get_overridable_initializers()]
        self.inputs = {entry.name for entry in entries}

    def run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Return all outputs.

        Raises:
            VoiceError: the graph cannot take these inputs.
        """
        try:
            return self._session.run(None, dict(feed))
        except Exception as error:
            raise VoiceError(f"ONNX Runtime does not run the graph: {error}") from error


def opened(graph: bytes) -> bytes:
    """Return a graph in which whatever drew noise is an input, cut to the shape it had.

    They are called ``duration_noise`` (1, 2, N) and ``noise`` (1, C, N). The result of the only
    Ceil, the frames of each symbol (1, 1, S), is the second output.
    """
    onnx = require("onnx")
    model = onnx.load_from_string(graph)
    drawing = [node for node in model.graph.node if node.op_type == "RandomNormalLike"]
    # a predictor that is not stochastic draws nothing, and the prior is always the last to draw
    for node, name in zip(drawing, ("duration_noise", "noise")[-len(drawing) :], strict=True):
        _replace(model, node, name)
    (durations,) = [node for node in model.graph.node if node.op_type == "Ceil"]
    model.graph.output.append(onnx.ValueInfoProto(name=durations.output[0]))
    return model.SerializeToString()


def _replace(model: Any, node: Any, name: str) -> None:
    """Put an input, sliced to the shape that ``node`` asks for, in the place of its result."""
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
