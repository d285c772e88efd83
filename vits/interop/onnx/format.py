"""Voices as ONNX graphs: Piper's, sherpa-onnx's and our own exports. They can be read only.

A graph holds what speaking needs. The posterior encoder is missing, so the voice is compact, and
of the duration predictor the posterior and one coupling start anew.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from torch import Tensor

from vits.config import AudioConfig, VitsConfig
from vits.errors import MissingFileError, VoiceError
from vits.interop.carried_settings import KEY, read_carried_settings
from vits.interop.full_voice import FullVoice, VoiceFormat, wrap_errors
from vits.interop.infer_config import require_consistent
from vits.interop.onnx.config import (
    check_convolutions,
    config_of,
    with_unused_parts,
    with_weight_norms,
)
from vits.interop.onnx.graph import Graph, read_graph
from vits.interop.onnx.parameters import Parameters, find_parameters
from vits.interop.onnx.sherpa import TOKENS, metadata_number, read_sherpa_frontend
from vits.interop.piper.format import is_settings
from vits.interop.piper.settings import read_card, read_frontend, read_inference
from vits.interop.safe_loading import load_json
from vits.interop.settings_reader import SettingsReader, speaker_names
from vits.synthesis.bundle.description import DESCRIPTION, VoiceDescription
from vits.synthesis.bundle.onnx_bundle import SETTINGS_FILE, is_onnx_voice, read_onnx_voice
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.synthesis.bundle.weights import build_generator
from vits.synthesis.settings import Settings

__all__ = ["FORMAT", "find_graph", "read"]


class _Source(NamedTuple):
    """A graph, its file and its parameters."""

    path: Path
    graph: Graph
    parameters: Parameters

    def build(
        self, sample_rate: int, audio: AudioConfig | None = None
    ) -> tuple[VitsConfig, dict[str, Tensor]]:
        """Return the configuration and the tensors of the model."""
        config = config_of(self.parameters, audio, sample_rate, str(self.path))
        check_convolutions(self.parameters, config, str(self.path))
        return config, with_unused_parts(self.parameters.weights, config)


def read(path: Path) -> FullVoice:
    """Read a graph, or a folder with one, and the settings beside it.

    Raises:
        MissingFileError: a file is missing.
        MissingExtraError: the extra ``onnx`` is not installed.
        VoiceError: the graph is damaged, is not a VITS, or lacks a piece.
    """
    file = find_graph(path)
    graph = read_graph(file)
    build = _builder(file, graph)
    bundle = wrap_errors(file, lambda: build(_Source(file, graph, find_parameters(graph))))
    return FullVoice(format=FORMAT.title, bundle=bundle)


def find_graph(path: Path) -> Path:
    """Return the graph of a folder: ``model.onnx``, or the only one.

    Raises:
        MissingFileError: there is none.
        VoiceError: there are several.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.onnx"))
    if (path / "model.onnx") in found:
        return path / "model.onnx"
    if not found:
        raise MissingFileError(f"{path} has no *.onnx")
    if len(found) > 1:
        raise VoiceError(f"{path} has {len(found)} graphs; name one, e.g. {found[0]}")
    return found[0]


def _builder(file: Path, graph: Graph) -> Callable[[_Source], VoiceBundle]:
    """Return how to read the settings of a graph."""
    if DESCRIPTION in graph.metadata:
        return _build_described
    if is_onnx_voice(file.parent) and file.name == "model.onnx":
        return _build_ours
    piper = _piper_settings(file)
    if piper is not None:
        return partial(_build_piper, *piper)
    if (file.parent / TOKENS).is_file() and "sample_rate" in graph.metadata:
        return _build_sherpa
    raise MissingFileError(
        f"{file}.json does not exist; put the voice's JSON, with its phoneme_id_map, or "
        f"sherpa-onnx's {TOKENS} beside the graph"
    )


def _build_described(source: _Source) -> VoiceBundle:
    """Build a voice of our own export, which describes itself."""
    return _described_bundle(source, VoiceDescription.from_json(source.graph.metadata[DESCRIPTION]))


def _described_bundle(source: _Source, described: VoiceDescription) -> VoiceBundle:
    check_convolutions(source.parameters, described.config, str(source.path))
    weights = with_unused_parts(source.parameters.weights, described.config)
    weights = with_weight_norms(weights, described.config)
    return described.bundle(weights, str(source.path))


def _build_ours(source: _Source) -> VoiceBundle:
    """Build a voice that an earlier version exported with ``--to onnx``."""
    found = read_onnx_voice(source.path.parent)
    config, weights = source.build(found.sample_rate)
    settings = source.path.parent / SETTINGS_FILE
    require_consistent({"hop_length": (found.hop_length, config.audio.hop_length)}, settings)
    return VoiceBundle(
        generator=build_generator(weights, config, str(source.path)),
        frontend=found.frontend,
        fingerprint=found.fingerprint,
        speakers=found.speakers,
        settings=found.settings,
        card=found.card,
    )


def _build_piper(path: Path, values: dict[str, Any], source: _Source) -> VoiceBundle:
    """Build one of Piper's voices."""
    settings = SettingsReader(values, path)
    if DESCRIPTION in values:
        return _build_described_piper(source, VoiceDescription(values[DESCRIPTION]), settings)
    carried = read_carried_settings(settings.mapping(KEY, {}))
    config, weights = source.build(settings.integer("audio.sample_rate"), carried.audio)
    _require_pipers_sizes(config, settings)
    frontend = read_frontend(settings, carried)
    speakers = settings.mapping("speaker_id_map", {})
    return VoiceBundle(
        generator=build_generator(weights, config, str(source.path)),
        frontend=frontend,
        fingerprint=frontend.fingerprint(),
        speakers=tuple(speaker_names(speakers, config.n_speakers, path)),
        settings=read_inference(settings, carried.inference),
        card=read_card(settings, carried),
    )


def _build_described_piper(
    source: _Source, described: VoiceDescription, settings: SettingsReader
) -> VoiceBundle:
    """Build a voice of our own export; the speaking settings of the JSON may have been edited."""
    _require_pipers_sizes(described.config, settings)
    bundle = _described_bundle(source, described)
    return replace(bundle, settings=read_inference(settings, bundle.settings))


def _require_pipers_sizes(config: VitsConfig, settings: SettingsReader) -> None:
    claims = {
        "num_symbols": (settings.get("num_symbols", None), config.n_symbols),
        "num_speakers": (max(1, settings.integer("num_speakers", 1)), config.n_speakers),
        "hop_length": (settings.get("hop_length", None), config.audio.hop_length),
        "audio.sample_rate": (settings.get("audio.sample_rate"), config.audio.sample_rate),
    }
    require_consistent(claims, settings.source)


def _build_sherpa(source: _Source) -> VoiceBundle:
    """Build a voice from the files that sherpa-onnx speaks."""
    metadata, path = source.graph.metadata, source.path
    rate = metadata_number(metadata, "sample_rate", 0, path)
    config, weights = source.build(rate)
    n_speakers = max(1, metadata_number(metadata, "n_speakers", 1, path))
    require_consistent({"n_speakers": (n_speakers, config.n_speakers)}, path)
    frontend = read_sherpa_frontend(path.parent, metadata, path)
    return VoiceBundle(
        generator=build_generator(weights, config, str(path)),
        frontend=frontend,
        fingerprint=frontend.fingerprint(),
        speakers=tuple(speaker_names((), config.n_speakers, path)),
        settings=Settings(),
    )


def _piper_settings(file: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return Piper's JSON of a graph and its values: beside it, or the only one of its folder."""
    folder = file.parent
    for entry in (
        file.with_name(f"{file.name}.json"),
        *sorted(folder.glob("*.onnx.json")),
        folder / "config.json",
    ):
        if entry.is_file() and is_settings(values := load_json(entry)):
            return entry, values
    return None


def _refuse_to_write(*_: object) -> NoReturn:
    raise VoiceError("an ONNX graph is written by: vits export VOICE --to onnx, piper or sherpa")


FORMAT = VoiceFormat(
    title="onnx", read=read, write=_refuse_to_write, unsupported_parts=_refuse_to_write
)
