"""What an engine requires of a voice: a graph with certain inputs, and files beside it."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.errors import VoiceError
from vits.export.constant_folding import fold_constants
from vits.export.operators import extra_operators
from vits.export.packages import require
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = [
    "OPSET",
    "ExampleInput",
    "GraphSpec",
    "Target",
    "Traceable",
    "require_no_vectors",
    "trace",
]

OPSET = 17  # the first with layer normalisation; read by onnxruntime since 1.12


@dataclass(frozen=True, kw_only=True)
class ExampleInput:
    """One sentence with all its noise, from which each target builds its inputs.

    Attributes:
        ids: (1, S) int64 symbol ids.
        noise_scale: noise scale of the prior.
        length_scale: factor on durations.
        noise_scale_duration: noise scale of the duration predictor.
        speaker: speaker id.
        speaker_vector: (1, V) in place of the speaker id; (1, 0): the id counts.
        language: language id; 0 for a voice of one language.
        duration_noise: (1, 2, S) standard normal.
        noise: (1, C, T) standard normal, at least as long as the output.
        excitation_noise: (1, 1, L) likewise; (1, 1, 0) for a voice without pitch.
    """

    ids: Tensor
    noise_scale: float
    length_scale: float
    noise_scale_duration: float
    speaker: int
    speaker_vector: Tensor
    language: int
    duration_noise: Tensor
    noise: Tensor
    excitation_noise: Tensor


@dataclass(frozen=True, kw_only=True)
class Traceable:
    """A module to trace.

    Attributes:
        module: takes the inputs in their order.
        axes: names of the dynamic axes of each input and output.
        outputs: names of the outputs.
        inner: names of tensors that the module returns besides, of which parts are made.
        optional: default values of optional inputs.
        metadata: metadata of the file.
    """

    module: nn.Module
    axes: Mapping[str, Mapping[int, str]]
    outputs: tuple[str, ...]
    inner: tuple[str, ...] = ()
    optional: Mapping[str, Tensor] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GraphSpec(Traceable):
    """How to trace the graph of a voice; the first of its outputs is the wave.

    Attributes:
        inputs: converts an example to inputs by name; noise is included only if it is an input.
    """

    inputs: Callable[[ExampleInput], dict[str, Tensor]]


@dataclass(frozen=True, kw_only=True)
class Target:
    """An engine.

    Attributes:
        title: name on the command line.
        check: raises if the engine does not support the voice.
        graph_spec: returns how to trace the graph, from the voice, its model (weight norm folded)
            and the language id of a graph for one of several languages.
        graph_name: returns the file name of the graph.
        write_files: writes the files beside the graph into a folder.
        write_parts: writes what an engine needs to stream the voice, from the traced graph with its
            inner tensors, the model and the precision; None: nothing.
        takes_language: whether the graph takes the language as an input.
        describes: whether the graph's metadata describes the voice; otherwise ``write_files``
            writes the description if the engine has a place for it.
    """

    title: str
    check: Callable[[VoiceBundle], None]
    graph_spec: Callable[[VoiceBundle, Vits, int | None], GraphSpec]
    graph_name: Callable[[VoiceBundle], str]
    write_files: Callable[[Path, VoiceBundle], None]
    write_parts: Callable[[Path, Any, Vits, str], None] | None = None
    takes_language: bool = False
    describes: bool = True


def require_no_vectors(bundle: VoiceBundle, engine: str) -> None:
    """Refuse a voice with speaker vectors for an engine that only knows speaker ids.

    Raises:
        VoiceError: the voice has them.
    """
    vectors = bundle.generator.config.speaker_vectors
    if vectors is not None:
        raise VoiceError(
            f"voice {bundle.card.name!r} takes speaker vectors ({vectors.encoder}), for which "
            f"{engine} has no input; export it with --to onnx"
        )


def trace(spec: Traceable, inputs: Mapping[str, Tensor]) -> Any:
    """Trace a graph and return it as an ``onnx.ModelProto``, inner tensors among its outputs.

    This uses torch's older, tracing exporter. The newer one takes minutes instead of seconds,
    because lengths depend on values, and returns the same operations.
    """
    onnx = require("onnx")
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        torch.no_grad(),
        extra_operators(OPSET),
    ):
        warnings.simplefilter("ignore")  # deprecation, and false warnings about constant shapes
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            spec.module,
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=[*spec.outputs, *spec.inner],
            dynamic_axes=spec.axes,
            opset_version=OPSET,
            dynamo=False,
            # ``fold_constants`` does more of it
            do_constant_folding=False,
        )
        model = fold_constants(onnx.load(path))
    _restore_inputs(model, inputs, spec.axes)
    for name, default in spec.optional.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(default.numpy(), name))
    for key, value in spec.metadata.items():
        model.metadata_props.add(key=key, value=value)
    model.producer_name = "vits"
    return model


def _restore_inputs(model: Any, inputs: Mapping[str, Tensor], axes: Any) -> None:
    """Restore unused inputs, which engines pass by position all the same."""
    onnx = require("onnx")
    used = {entry.name: entry for entry in model.graph.input}
    del model.graph.input[:]
    for name, value in inputs.items():
        kind = onnx.helper.np_dtype_to_tensor_dtype(value.numpy().dtype)
        free = axes.get(name, {})
        shape = [free.get(axis, size) for axis, size in enumerate(value.shape)]
        entry = onnx.helper.make_tensor_value_info(name, kind, shape)
        model.graph.input.append(used.get(name, entry))
