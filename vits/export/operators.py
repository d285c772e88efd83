"""ONNX translations of torch operators that torch's own exporter lacks."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["extra_operators"]


@contextmanager
def extra_operators(opset: int) -> Generator[None]:
    """Let ``torch.onnx.export`` translate ``torch.searchsorted``, for the time of the block."""
    torch.onnx.register_custom_op_symbolic("aten::searchsorted", _searchsorted, opset)  # pyright: ignore[reportPrivateImportUsage]
    try:
        yield
    finally:
        torch.onnx.unregister_custom_op_symbolic("aten::searchsorted", opset)  # pyright: ignore[reportPrivateImportUsage]


def _searchsorted(
    graph: Any, boundaries: Any, values: Any, out_int32: Any, right: Any, side: Any, sorter: Any
) -> Any:
    """Count the boundaries (B, S) at or below each value (B, T): ``right=True`` of torch's."""
    del out_int32, right, side, sorter
    last = graph.op("Constant", value_t=torch.tensor([2]))
    middle = graph.op("Constant", value_t=torch.tensor([1]))
    reached = graph.op(
        "GreaterOrEqual",
        graph.op("Unsqueeze", values, last),
        graph.op("Unsqueeze", boundaries, middle),
    )
    counted = graph.op("Cast", reached, to_i=torch.onnx.TensorProtoDataType.INT64)
    return graph.op("ReduceSum", counted, last, keepdims_i=0)
