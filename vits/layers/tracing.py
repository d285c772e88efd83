"""Is a graph of the model being traced, so that what runs quickest here and now must not show?"""

import torch

__all__ = ["graph_is_traced"]


def graph_is_traced() -> bool:
    """Say whether torch compiles or exports what is running."""
    return torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export()
