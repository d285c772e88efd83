"""A graph in which all that never changes is computed beforehand, so that it loads sooner."""

import tempfile
from pathlib import Path
from typing import Any

from vits.errors import VoiceError
from vits.export.packages import require

__all__ = ["fold"]

# Of ``PlainInverse``: small tables from which large ones are made. The large ones would only make
# the file larger, so they are left to the loading.
_SEEDS = (".turn", ".bins", ".places")


def fold(model: Any) -> Any:
    """Compute what depends on no input, and leave out what changes nothing.

    ONNX Runtime does it, at the level at which every operation stays one of the standard's: what
    comes out runs wherever the graph did, on any machine. The one Ceil stays the only one.

    Args:
        model: an ``onnx.ModelProto``.

    Returns:
        Another one with the same inputs and outputs.

    Raises:
        VoiceError: ONNX Runtime does not load the graph.
    """
    onnx, runtime = require("onnx"), require("onnxruntime")
    given = list(model.graph.input)
    for tensor in model.graph.initializer:  # what a caller could replace is not computed with
        if tensor.name.endswith(_SEEDS):
            entry = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            model.graph.input.append(entry)
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(path)
        try:
            runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no base of their own
            raise VoiceError(f"ONNX Runtime does not load the graph: {error}") from error
        folded = onnx.load(path)
    del folded.graph.input[:]
    folded.graph.input.extend(given)
    # it names every set of operations that it knows, and other programs refuse newer ones
    used = {node.domain for node in folded.graph.node}
    sets = [entry for entry in folded.opset_import if entry.domain in used]
    del folded.opset_import[:]
    folded.opset_import.extend(sets)
    return folded
