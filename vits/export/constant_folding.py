"""Fold constants of a graph, so that it loads faster."""

import tempfile
from pathlib import Path
from typing import Any

from vits.errors import VoiceError
from vits.export.packages import require

__all__ = ["fold_constants"]

# Small tables of ``TraceableInverse`` from which large ones are computed: folding these would make
# the file larger. And parameters that would be stored transposed, or as their exponential, from
# which they cannot be read back exactly. All are computed when the graph is loaded.
_UNFOLDED = (".turn", ".bins", ".places", ".log_scale", ".relative_key")


def fold_constants(model: Any) -> Any:
    """Compute the nodes that depend on no input and remove nodes without effect.

    ONNX Runtime does this, at the level that keeps every operator within the standard, so the
    result runs wherever the graph ran. The only Ceil stays the only one.

    Args:
        model: an ``onnx.ModelProto``.

    Returns:
        A new model with the same inputs and outputs.

    Raises:
        VoiceError: ONNX Runtime does not load the graph.
    """
    onnx, runtime = require("onnx"), require("onnxruntime")
    inputs = list(model.graph.input)
    for tensor in model.graph.initializer:  # an overridable initializer is not folded
        if tensor.name.endswith(_UNFOLDED):
            entry = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            model.graph.input.append(entry)
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # errors are raised instead
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(path)
        try:
            runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no common base class
            raise VoiceError(f"ONNX Runtime does not load the graph: {error}") from error
        folded = onnx.load(path)
    del folded.graph.input[:]
    folded.graph.input.extend(inputs)
    # it imports every operator set that it knows, and other programs refuse newer ones
    used = {node.domain for node in folded.graph.node}
    sets = [entry for entry in folded.opset_import if entry.domain in used]
    del folded.opset_import[:]
    folded.opset_import.extend(sets)
    return folded
