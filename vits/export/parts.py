"""The graphs in which ONNX Runtime speaks a voice; they share the weights of the whole graph."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vits.errors import VoiceError
from vits.export.example_inputs import SEED, example_inputs
from vits.export.packages import require
from vits.export.quantization import quantize
from vits.export.streaming_graph import FlowGraph, StreamingGraph, WaveGraph
from vits.export.target import Traceable, trace
from vits.export.verify import TRIALS, difference_of
from vits.models.vits import Vits
from vits.synthesis.bundle.onnx_bundle import (
    DECODER_FILE,
    FLOW_FILE,
    GRAPH_FILE,
    SPEAKER_ENCODER,
    SPEAKER_VECTOR_SIZE,
    TEXT_FILE,
    WAVE_FILE,
)
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.request import Request
from vits.synthesis.runtime.noise import prior_noise, torch_randn
from vits.synthesis.runtime.parts_engine import PartsEngine

__all__ = ["TEXT_OUTPUTS", "verify_parts", "write_parts"]

# what the text graph returns; all but the durations are inner tensors of the whole graph
TEXT_OUTPUTS = ("durations", "mean", "log_std", "conditioning")
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
    parts = {TEXT_FILE: _text_graph(whole)}
    conditioning = torch.zeros(1, model.config.speaker_channels, 1)
    speaker = {"conditioning": conditioning} if model.config.n_speakers > 1 else {}
    streaming = StreamingGraph(model)
    traced = {
        WAVE_FILE: _trace(WaveGraph(model), speaker, "wave", "samples"),
        DECODER_FILE: _trace_decoder(streaming, speaker),
    }
    if streaming.flow is None:
        traced[FLOW_FILE] = _trace(FlowGraph(model), speaker, "latent", "frames")
    for graph in traced.values():
        quantize(graph, precision)
    metadata = {"lookahead": str(streaming.lookahead), "model_bytes": str(len(content))}
    for key, value in metadata.items():
        parts[TEXT_FILE].metadata_props.add(key=key, value=value)
    parts |= traced
    onnx = require("onnx")
    for name, graph in parts.items():
        onnx.checker.check_model(graph)
        _share(graph, shared)
        (folder / name).write_bytes(graph.SerializeToString())


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
    noise = prior_noise(seed, model.config.latent_channels, sum(sample.durations))
    with torch.inference_mode():
        expected = model.infer(
            example.ids,
            torch.tensor([len(ids)]),
            torch.tensor([example.speaker]) if model.config.n_speakers > 1 else None,
            torch.tensor([example.language]),
            noise_scale=settings.noise_scale,
            noise_scale_duration=settings.noise_scale_duration,
            length_scale=settings.length_scale,
            duration_noise=torch.from_numpy(torch_randn(seed, (1, 2, len(ids)))),
            noise=torch.from_numpy(np.ascontiguousarray(noise)),
        )
    if sample.durations != expected.durations[0].tolist():
        return math.inf, math.inf
    return max(difference_of(wave, expected.wave[0, 0].numpy()) for wave in waves)


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
    inputs = [entry for entry in whole.graph.input if entry.name not in ("noise", "noise_scale")]
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
    module: FlowGraph | WaveGraph, speaker: Mapping[str, Tensor], output: str, length: str
) -> Any:
    """Trace a module of z and the speaker, with one output."""
    inputs = {"z": torch.zeros(1, module.latent_channels, 4), **speaker}
    axes = {"z": {0: "batch", 2: "frames"}, output: {0: "batch", 2: length}}
    axes |= {name: {0: "batch"} for name in speaker}
    return trace(Traceable(module=module, axes=axes, outputs=(output,)), inputs)


def _trace_decoder(module: StreamingGraph, speaker: Mapping[str, Tensor]) -> Any:
    states = {f"state_{i}": state for i, state in enumerate(module.states())}
    flag = torch.ones(1, dtype=torch.int64)
    z = torch.zeros(1, module.decoder.pre.in_channels, module.lookahead + 2)
    inputs = {"z": z, "first": flag, "last": flag, **speaker, **states}
    outputs = "wave", *(f"next_{i}" for i in range(len(states)))
    axes = {name: {0: "batch", 2: f"columns of {name}"} for name in (*states, *outputs[1:])}
    axes |= {name: {0: "batch"} for name in speaker}
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
    onnx = require("onnx")
    for tensor in graph.graph.initializer:
        at = shared.get(tensor.raw_data)
        if at is None:
            continue
        size = len(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", GRAPH_FILE), ("offset", at), ("length", size)):
            tensor.external_data.add(key=key, value=str(value))
