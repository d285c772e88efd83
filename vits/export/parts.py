"""The graphs in which ONNX Runtime speaks a voice; they share the weights of the whole graph."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vits.errors import VoiceError
from vits.export.example_inputs import SEED, example_inputs
from vits.export.packages import require
from vits.export.quantization import quantize
from vits.export.streaming_graph import (
    FlowGraph,
    PitchGraph,
    StreamingGraph,
    WaveGraph,
    source_channels,
)
from vits.export.target import Traceable, trace
from vits.export.verify import TRIALS, difference_of, infer
from vits.models.vits import Vits
from vits.synthesis.bundle.onnx_bundle import (
    DECODER_FILE,
    FLOW_FILE,
    GRAPH_FILE,
    PITCH_FILE,
    SOURCE_N_FFT,
    SPEAKER_ENCODER,
    SPEAKER_VECTOR_SIZE,
    TEXT_FILE,
    WAVE_FILE,
)
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.request import Request
from vits.synthesis.runtime.noise import TorchNoise
from vits.synthesis.runtime.parts_engine import PartsEngine

__all__ = ["TEXT_OUTPUTS", "make_parts", "refer", "verify_parts", "write_parts"]

# what the text graph returns; all but the durations are inner tensors of the whole graph
TEXT_OUTPUTS = ("durations", "mean", "log_std", "conditioning", "hidden")
# what only the rest of the whole graph takes
LATER_INPUTS = ("noise", "noise_scale", "excitation_noise", "pitch", "pitch_range")
SPEAKER_KEYS = SPEAKER_ENCODER, SPEAKER_VECTOR_SIZE
SMALLEST_SHARED = 1024  # bytes; smaller tensors are copied


def write_parts(folder: Path, whole: Any, model: Vits, precision: str) -> None:
    """Write the graphs for text, wave and decoder, and a flow that attends to whole sentences.

    Args:
        folder: of the whole graph, which is written there already.
        whole: the whole graph as an ``onnx.ModelProto``, with the inner tensors as outputs.
        model: weight norm folded; changed in place as by ``StreamingGraph``.
        precision: see ``quantize``.
    """
    content = (folder / GRAPH_FILE).read_bytes()
    shared = _positions(content, whole)
    parts = make_parts(whole, model)
    parts[TEXT_FILE].metadata_props.add(key="model_bytes", value=str(len(content)))
    for name, graph in parts.items():
        if name != TEXT_FILE:  # a part of the whole graph, which is quantized already
            quantize(graph, precision)
        require("onnx").checker.check_model(graph)
        _share(graph, shared)
        (folder / name).write_bytes(graph.SerializeToString())


def make_parts(whole: Any, model: Vits) -> dict[str, Any]:
    """Return the graphs of ``write_parts`` by the names of their files.

    Args:
        whole: the whole graph as an ``onnx.ModelProto``, with the inner tensors as outputs.
        model: weight norm folded; changed in place as by ``StreamingGraph``.
    """
    parts = {TEXT_FILE: _text_graph(whole)}
    conditioning = torch.zeros(1, model.config.speaker_channels, 1)
    speaker = {"conditioning": conditioning} if model.config.n_speakers > 1 else {}
    streaming, source = StreamingGraph(model), {}
    metadata = {"lookahead": str(streaming.lookahead)}
    if model.config.pitch is not None:
        rows, n_fft = source_channels(model)
        source, metadata[SOURCE_N_FFT] = {"source": torch.zeros(1, rows, 4)}, str(n_fft)
        parts[PITCH_FILE] = _trace_pitch(model, speaker)
    parts[WAVE_FILE] = _trace(WaveGraph(model), {**speaker, **source}, "wave", "samples")
    parts[DECODER_FILE] = _trace_decoder(streaming, speaker)
    if streaming.flow is None:
        parts[FLOW_FILE] = _trace(FlowGraph(model), speaker, "latent", "frames")
    for key, value in metadata.items():
        parts[TEXT_FILE].metadata_props.add(key=key, value=value)
    return parts


def verify_parts(folder: Path, bundle: VoiceBundle, model: Vits) -> tuple[float, float]:
    """Compare a sentence, whole and in chunks, with torch, from the same ids and noise.

    Args:
        folder: of the graphs.
        bundle: the voice.
        model: the model in torch, with weight norm folded.

    Returns:
        Largest difference relative to the peak, and power of the error (dB); infinite if lengths or
        durations differ.
    """
    audio = bundle.generator.config.audio
    engine = PartsEngine(folder, audio.sample_rate, audio.hop_length, torch.get_num_threads())
    found = math.inf, math.inf
    for trial in range(TRIALS):  # a duration within a rounding error of an integer looks wrong
        found = _compare(engine, bundle, model, SEED + trial)
        if math.isfinite(found[0]):
            break
    return found


def _compare(
    engine: PartsEngine, bundle: VoiceBundle, model: Vits, seed: int
) -> tuple[float, float]:
    """Return what ``verify_parts`` does, for one seed."""
    *_, example = example_inputs(bundle)
    ids, named, settings = (
        example.ids[0].tolist(),
        bundle.frontend.config.languages,
        bundle.settings,
    )
    language = example.language if named else None
    request = Request(seed=seed, settings=settings, speaker=example.speaker, language=language)
    sample = engine.sample(ids, request)
    waves = engine.decode(sample), np.concatenate(list(engine.decode_in_chunks(sample)))
    n_frames, noise = sum(sample.durations), TorchNoise(seed)
    shapes = {
        "duration_noise": (1, 2, len(ids)),
        "noise": (1, model.config.latent_channels, n_frames),
    }
    if engine.has_pitch:
        shapes["excitation_noise"] = 1, 1, n_frames * model.config.audio.hop_length
    drawn = {name: torch.from_numpy(noise.normal(shape)) for name, shape in shapes.items()}
    example = replace(
        example,
        speaker_vector=torch.zeros(1, 0),
        noise_scale=settings.noise_scale,
        noise_scale_duration=settings.noise_scale_duration,
        length_scale=settings.length_scale,
        **drawn,
    )
    expected, durations = infer(model, example, sample.pitch)
    if sample.durations != durations[0].tolist():
        return math.inf, math.inf
    return max(difference_of(wave, expected) for wave in waves)


def _text_graph(whole: Any) -> Any:
    """Return the part of a graph that the durations and the prior depend on.

    The speaker is given by weights (B, N), so that a mix is possible.
    """
    onnx = require("onnx")
    outputs = [entry for entry in whole.graph.output if entry.name in TEXT_OUTPUTS]
    nodes = list(whole.graph.node)
    speakers: Any = None
    for i, node in enumerate(nodes):
        if node.op_type == "Gather" and node.input[1] == "speakers":
            nodes[i] = onnx.helper.make_node("MatMul", ["speakers", node.input[0]], node.output)
            speakers = node.input[0]
    nodes = _needed(nodes, {entry.name for entry in outputs})
    names = {name for node in nodes for name in node.input}
    inputs = [entry for entry in whole.graph.input if entry.name not in LATER_INPUTS]
    if speakers is not None:
        (table,) = [t for t in whole.graph.initializer if t.name == speakers]
        entry = onnx.helper.make_tensor_value_info("speakers", 1, ["batch", table.dims[0]])
        inputs = [entry if old.name == "speakers" else old for old in inputs]
    kept = names | {"duration_noise"}
    tensors = [tensor for tensor in whole.graph.initializer if tensor.name in kept]
    graph = onnx.helper.make_graph(nodes, "text", inputs, outputs, tensors)
    text = _model(graph, whole.opset_import)
    text.metadata_props.extend(p for p in whole.metadata_props if p.key in SPEAKER_KEYS)
    return text


def _needed(nodes: Sequence[Any], outputs: set[str]) -> list[Any]:
    """Return the nodes that outputs depend on, in their order."""
    wanted, kept = set(outputs), list[Any]()
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]


def _model(graph: Any, opsets: Any) -> Any:
    onnx = require("onnx")
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="vits")


def _trace(
    module: FlowGraph | WaveGraph, others: Mapping[str, Tensor], output: str, length: str
) -> Any:
    """Trace a module of z, the speaker and the source, with one output."""
    inputs = {"z": torch.zeros(1, module.latent_channels, 4), **others}
    frames = {0: "batch", 2: "frames"}
    axes = {"z": frames, "source": frames, output: {0: "batch", 2: length}}
    axes["conditioning"] = {0: "batch"}
    return trace(Traceable(module=module, axes=axes, outputs=(output,)), inputs)


def _trace_pitch(model: Vits, speaker: Mapping[str, Tensor]) -> Any:
    assert model.pitch_predictor is not None
    width = model.pitch_predictor.pre.in_channels - model.config.latent_channels
    inputs = {
        "hidden": torch.zeros(1, width, 4),
        "mean": torch.zeros(1, model.config.latent_channels, 4),
        **speaker,
    }
    axes = {name: {0: "batch", 2: "frames"} for name in ("hidden", "mean", "pitch")}
    axes["conditioning"] = {0: "batch"}
    return trace(Traceable(module=PitchGraph(model), axes=axes, outputs=("pitch",)), inputs)


def _trace_decoder(module: StreamingGraph, speaker: Mapping[str, Tensor]) -> Any:
    states = {f"state_{i}": state for i, state in enumerate(module.states())}
    flag = torch.ones(1, dtype=torch.int64)
    z = torch.zeros(1, module.decoder.pre.in_channels, module.lookahead + 2)
    rows = module.source_channels
    source = {"source": torch.zeros(1, rows, z.shape[2])} if rows else {}
    inputs = {"z": z, "first": flag, "last": flag, **speaker, **source, **states}
    outputs = "wave", *(f"next_{i}" for i in range(len(states)))
    axes = {name: {0: "batch", 2: f"columns of {name}"} for name in (*states, *outputs[1:])}
    axes |= {name: {0: "batch"} for name in speaker}
    axes |= {name: {0: "batch", 2: "frames"} for name in source}
    axes |= {"z": {0: "batch", 2: "frames"}, "wave": {0: "batch", 2: "samples"}}
    return trace(Traceable(module=module, axes=axes, outputs=outputs), inputs)


def _positions(data: bytes, graph: Any) -> dict[bytes, int]:
    """Return where in a file the values of each of its large tensors are."""
    found, at = dict[bytes, int](), 0
    for tensor in graph.graph.initializer:
        if len(tensor.raw_data) >= SMALLEST_SHARED:
            at = data.find(tensor.raw_data, at)
            if at < 0:
                raise VoiceError(f"the graph lacks the tensor {tensor.name}; nothing was written")
            found[tensor.raw_data] = at
            at += len(tensor.raw_data)
    return found


def _share(graph: Any, shared: Mapping[bytes, int]) -> None:
    """Replace the values of large tensors by references to the whole graph."""
    for tensor in graph.graph.initializer:
        at = shared.get(tensor.raw_data)
        if at is None:
            continue
        refer(tensor, GRAPH_FILE, at, len(tensor.raw_data))


def refer(tensor: Any, file: str, at: int, size: int) -> None:
    """Let a tensor take its values from a file beside the graph.

    Args:
        tensor: an ``onnx.TensorProto``; values that it has are dropped.
        file: name of the file.
        at: where in the file they are (bytes).
        size: how many bytes.
    """
    tensor.ClearField("raw_data")
    tensor.data_location = require("onnx").TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", at), ("length", size)):
        tensor.external_data.add(key=key, value=str(value))
