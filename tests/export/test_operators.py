"""Operators that torch's exporter lacks."""

import io

import numpy as np
import pytest
import torch
from torch import nn

from vits.alignment import durations_to_index
from vits.export.operators import extra_operators
from vits.export.target import OPSET


class Index(nn.Module):
    """``durations_to_index`` for as many frames as the second input has."""

    def forward(self, durations, frames):
        return durations_to_index(durations, frames.shape[0])


@pytest.mark.filterwarnings("ignore")  # deprecations of torch's older exporter
def test_searchsorted_in_a_graph_is_torchs():
    runtime = pytest.importorskip("onnxruntime", reason="pip install 'vits[onnx]'")
    example, file = (torch.tensor([[1, 2, 0]]), torch.zeros(3)), io.BytesIO()
    with extra_operators(OPSET):
        torch.onnx.export(
            Index(),
            example,
            file,
            input_names=["durations", "frames"],
            dynamic_axes={"durations": {0: "batch", 1: "symbols"}, "frames": {0: "frames"}},
            opset_version=OPSET,
            dynamo=False,
        )
    session = runtime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    durations = torch.tensor([[2, 0, 3, 1], [0, 4, 0, 0]])
    (found,) = session.run(None, {"durations": durations.numpy(), "frames": np.zeros(9, "f4")})
    assert found.tolist() == durations_to_index(durations, 9).tolist()
