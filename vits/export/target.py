"""What an engine wants of a voice: a graph with certain inputs, and files beside it."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.export.constant_folding import fold
from vits.export.operators import extra_operators
from vits.export.packages import require
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = ["OPSET", "Plan", "Request", "Target", "trace"]

OPSET = 17  # the first with layer normalisation; read by onnxruntime since 1.12


@dataclass(frozen=True, kw_only=True)
class Request:
    """One sentence to be spoken, with all its chance; what each target's inputs are made of.

    Attributes:
        ids: (1, S) int64.
        noise_scale: of the prior.
        length_scale: factor on durations.
        noise_scale_duration: of the duration predictor.
        speaker: row of the speaker.
        language: row of the language; 0 where there is no choice.
        duration_noise: (1, 2, S).
        noise: (1, C, T), at least as long as what is spoken.
    """

    ids: Tensor
    noise_scale: float
    length_scale: float
    noise_scale_duration: float
    speaker: int
    language: int
    duration_noise: Tensor
    noise: Tensor


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A graph to be recorded.

    Attributes:
        module: takes the inputs in their order.
        inputs: turns a request into the inputs by name; without the noise, unless it is an input.
        axes: names of the axes that may have any length, for each input and output.
        outputs: their names; the first is the wave.
        optional: inputs that may be left out, with their default.
        metadata: texts the file carries.
    """

    module: nn.Module
    inputs: Callable[[Request], dict[str, Tensor]]
    axes: Mapping[str, Mapping[int, str]]
    outputs: tuple[str, ...]
    optional: Mapping[str, Tensor] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Target:
    """An engine.

    Attributes:
        title: what people call it.
        check: raises unless the engine can say what the voice says.
        plan: voice and model (folded, its inverse transforms plain), and the one language that the
            graph is to speak, if it is to speak one of several -> graph.
        file: name of the graph's file.
        write: writes the files beside the graph into a folder.
        languages: the graph takes the language as an input.
    """

    title: str
    check: Callable[[VoiceBundle], None]
    plan: Callable[[VoiceBundle, Vits, int | None], Plan]
    file: Callable[[VoiceBundle], str]
    write: Callable[[Path, VoiceBundle], None]
    languages: bool = False


def trace(plan: Plan, example: Request) -> Any:
    """Record a graph; return it as an ``onnx.ModelProto``.

    Torch's older exporter does it, by tracing. The newer one finds lengths that depend on values
    hard: it takes minutes for what takes the older one seconds, and gives the same operations.
    """
    onnx = require("onnx")
    inputs = plan.inputs(example)
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        torch.no_grad(),
        extra_operators(OPSET),
    ):
        warnings.simplefilter("ignore")  # deprecation, and shapes that only seem to be constants
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            plan.module,
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=list(plan.outputs),
            dynamic_axes=plan.axes,
            opset_version=OPSET,
            dynamo=False,
            # ``fold`` does more of it
            do_constant_folding=False,
        )
        model = fold(onnx.load(path))
    _restore_inputs(model, inputs, plan.axes)
    for name, default in plan.optional.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(default.numpy(), name))
    for key, value in plan.metadata.items():
        model.metadata_props.add(key=key, value=value)
    model.producer_name = "vits"
    return model


def _restore_inputs(model: Any, inputs: Mapping[str, Tensor], axes: Any) -> None:
    """Put back inputs that nothing depends on: engines pass theirs by place, whoever needs them."""
    onnx = require("onnx")
    found = {entry.name: entry for entry in model.graph.input}
    del model.graph.input[:]
    for name, value in inputs.items():
        kind = onnx.helper.np_dtype_to_tensor_dtype(value.numpy().dtype)
        free = axes.get(name, {})
        shape = [free.get(axis, size) for axis, size in enumerate(value.shape)]
        entry = onnx.helper.make_tensor_value_info(name, kind, shape)
        model.graph.input.append(found.get(name, entry))
