"""A voice written for an engine and proven: all of it or nothing."""

import copy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from vits.errors import TextError, VitsError, VoiceError
from vits.export import generic, piper, sherpa
from vits.export.example_inputs import sentences
from vits.export.packages import require
from vits.export.quantization import shrink
from vits.export.target import Target, trace
from vits.export.verify import Proof, prove, require_same
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text.languages import find_language

__all__ = ["TARGETS", "Exported", "write"]

TARGETS: dict[str, Target] = {
    target.title: target for target in (generic.TARGET, piper.TARGET, sherpa.TARGET)
}


class Exported(NamedTuple):
    """What was written.

    Attributes:
        graph: the file of the graph.
        proof: that it is the same voice.
        graph_bytes: size of the graph.
        torch_bytes: size of the weights that speaking takes, in float32.
    """

    graph: Path
    proof: Proof
    graph_bytes: int
    torch_bytes: int


def write(
    bundle: VoiceBundle,
    folder: Path,
    to: str,
    precision: str = "fp32",
    language: str | None = None,
) -> Exported:
    """Write a voice for an engine, and compare what was written with torch.

    Args:
        bundle: the voice; it stays as it is.
        folder: a new or empty folder.
        to: a key of ``TARGETS``.
        precision: see ``vits.export.quantization``.
        language: the one of a voice of several that an engine speaks which knows one only.

    Raises:
        VoiceError: the engine cannot say what the voice says, the graph is not the same voice, or
            the folder is in use or cannot be written. Nothing is left in the folder then.
        MissingExtraError: the extra ``onnx`` is not installed.
    """
    for name in ("onnx", "onnxruntime"):
        require(name)
    target, place = TARGETS[to], folder.resolve()
    row = _one_language(bundle, target, language)
    bundle = replace(bundle, frontend=bundle.frontend.for_language(row))
    target.check(bundle)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise VoiceError(f"{place} is in use; name a new or an empty folder")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as staging:
            new = Path(staging) / "new"
            new.mkdir()
            exported = _write_parts(new, bundle, target, precision, row)
            if place.exists():
                place.rmdir()
            new.rename(place)
    except VitsError:
        raise
    except OSError as error:
        raise VoiceError(f"cannot write {place}: {error.strerror or error}") from error
    return exported._replace(graph=place / exported.graph.name)


def _one_language(bundle: VoiceBundle, target: Target, language: str | None) -> int | None:
    """Return the row of the language that the graph speaks; None where it speaks all there are."""
    named = bundle.frontend.config.languages
    if not target.languages:
        try:
            return find_language(named, language)
        except TextError as error:
            raise VoiceError(f"a {target.title} voice has one language: {error}") from error
    if language is not None:
        raise VoiceError(
            f"language {language!r} must be left out: the {target.title} graph speaks all the "
            "languages of a voice"
        )
    return None


def _write_parts(
    folder: Path, bundle: VoiceBundle, target: Target, precision: str, language: int | None
) -> Exported:
    model = _speaking(bundle.generator)
    plan = target.plan(bundle, _speaking(bundle.generator), language)
    graph = trace(plan, next(sentences(bundle, language=language)))
    shrink(graph, precision)
    path = folder / target.file(bundle)
    _save(graph, path)
    proof = prove(path, plan, bundle, model, language)
    require_same(proof, precision)
    target.write(folder, bundle)
    n_weights = sum(
        value.numel()
        for name, value in model.named_parameters()
        if not name.startswith("posterior_encoder.")
    )
    return Exported(path, proof, path.stat().st_size, 4 * n_weights)


def _save(graph: Any, path: Path) -> None:
    """Check a graph against the standard, and write it.

    Raises:
        VoiceError: it is too large for one file.
    """
    onnx = require("onnx")
    try:
        onnx.checker.check_model(graph)
        path.write_bytes(graph.SerializeToString())
    except ValueError as error:
        raise VoiceError(f"the graph cannot be one file: {error}") from error


def _speaking(generator: Vits) -> Vits:
    """Return a copy of a model that is ready to speak."""
    model = copy.deepcopy(generator).eval().requires_grad_(False).cpu()
    model.fold_weight_norm()
    return model
