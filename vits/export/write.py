"""Write and verify a voice for an engine, completely or not at all."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from vits.errors import TextError, VitsError, VoiceError
from vits.export import generic, piper, sherpa
from vits.export.example_inputs import example_inputs
from vits.export.packages import require
from vits.export.parts import verify_parts
from vits.export.quantization import quantize
from vits.export.target import Target, trace
from vits.export.verify import Verification, require_equivalent, verify
from vits.models.vits import Vits
from vits.synthesis.bundle.description import DESCRIPTION, describe_voice
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text.language_ids import find_language

__all__ = ["TARGETS", "ExportResult", "inference_copy", "write"]

TARGETS: dict[str, Target] = {
    target.title: target for target in (generic.TARGET, piper.TARGET, sherpa.TARGET)
}


class ExportResult(NamedTuple):
    """An exported voice.

    Attributes:
        graph: the file of the graph.
        verification: its differences from torch, and those of its parts.
        graph_bytes: size of the graph and its parts.
        torch_bytes: size of the weights that inference uses, in float32.
    """

    graph: Path
    verification: Verification
    graph_bytes: int
    torch_bytes: int


def write(
    bundle: VoiceBundle,
    folder: Path,
    to: str,
    precision: str = "fp32",
    language: str | None = None,
) -> ExportResult:
    """Write a voice for an engine and verify the result against torch.

    Args:
        bundle: the voice; it is not changed.
        folder: a new or empty folder.
        to: a key of ``TARGETS``.
        precision: see ``vits.export.quantization``.
        language: language to export, for an engine that supports one language per voice.

    Raises:
        VoiceError: the engine does not support the voice, the graph does not match it, or the
            folder is in use or not writable. Nothing is left in the folder then.
        MissingExtraError: the extra ``onnx`` is not installed.
    """
    for name in ("onnx", "onnxruntime"):
        require(name)
    target, output = TARGETS[to], folder.resolve()
    language_id = _fixed_language(bundle, target, language)
    bundle = replace(bundle, frontend=bundle.frontend.for_language(language_id))
    target.check(bundle)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise VoiceError(f"{output} is in use; name a new or an empty folder")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as staging:
            new = Path(staging) / "new"
            new.mkdir()
            exported = _write_files(new, bundle, target, precision, language_id)
            if output.exists():
                output.rmdir()
            new.rename(output)
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot write {output}: {error.strerror or error}") from error
    return exported._replace(graph=output / exported.graph.name)


def _fixed_language(bundle: VoiceBundle, target: Target, language: str | None) -> int | None:
    """Return the language id that is fixed in the graph; None if the graph supports all."""
    named = bundle.frontend.config.languages
    if not target.takes_language:
        try:
            return find_language(named, language)
        except TextError as error:
            raise VoiceError(f"a {target.title} voice has one language: {error}") from error
    if language is not None:
        raise VoiceError(
            f"language {language!r} must be left out: the {target.title} graph supports all the "
            "languages of a voice"
        )
    return None


def _write_files(
    folder: Path, bundle: VoiceBundle, target: Target, precision: str, language: int | None
) -> ExportResult:
    model = inference_copy(bundle.generator)
    spec = target.graph_spec(bundle, inference_copy(bundle.generator), language)
    graph = trace(spec, spec.inputs(next(example_inputs(bundle, language=language))))
    inner = [entry for entry in graph.graph.output if entry.name in spec.inner]
    for entry in inner:
        graph.graph.output.remove(entry)
    quantize(graph, precision)
    if target.describes and language is None:  # a fixed language leaves parts of the model out
        _describe(graph, bundle)
    path = folder / target.graph_name(bundle)
    _save(graph, path)
    verification = verify(path, spec, bundle, model, language)
    if target.write_parts is not None:
        graph.graph.output.extend(inner)
        target.write_parts(folder, graph, inference_copy(bundle.generator), precision)
        difference, decibels = verify_parts(folder, bundle, model)
        verification = verification.with_worse(difference, decibels)
    require_equivalent(verification, precision)
    target.write_files(folder, bundle)
    n_weights = sum(
        value.numel()
        for name, value in model.named_parameters()
        if not name.startswith("posterior_encoder.")
    )
    size = sum(file.stat().st_size for file in folder.glob("*.onnx"))
    return ExportResult(path, verification, size, 4 * n_weights)


def _describe(graph: Any, bundle: VoiceBundle) -> None:
    """Put the description of a voice into a graph, instead of one that it has."""
    values = json.dumps(describe_voice(bundle), ensure_ascii=False, allow_nan=False)
    others = [entry for entry in graph.metadata_props if entry.key != DESCRIPTION]
    del graph.metadata_props[:]
    graph.metadata_props.extend(others)
    graph.metadata_props.add(key=DESCRIPTION, value=values)


def _save(graph: Any, path: Path) -> None:
    """Check that a graph is valid ONNX, and write it.

    Raises:
        VoiceError: it is too large for one file.
    """
    onnx = require("onnx")
    try:
        onnx.checker.check_model(graph)
        path.write_bytes(graph.SerializeToString())
    except ValueError as error:
        raise VoiceError(f"the graph cannot be one file: {error}") from error


def inference_copy(generator: Vits) -> Vits:
    """Return a copy of a model on the CPU, in eval mode, with weight norm folded."""
    model = copy.deepcopy(generator).eval().requires_grad_(False).cpu()
    model.fold_weight_norm()
    return model
