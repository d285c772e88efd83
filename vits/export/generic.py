"""A generic graph for ONNX Runtime and other ONNX engines.

The scales are inputs. Noise is an optional input; the graph draws what the caller leaves out. So
are ``pitch`` (semitones) and ``pitch_range`` of a voice with pitch. A
voice with speaker vectors has the optional input ``speaker_vector``, which replaces the id. The
durations in frames are the second output.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.config import SpeakerVectorsConfig, to_dict
from vits.export.graph import PITCH, InferenceGraph
from vits.export.parts import write_parts
from vits.export.target import ExampleInput, GraphSpec, Target
from vits.models.pitch import AS_PREDICTED, PitchControl
from vits.models.vits import Vits
from vits.synthesis.bundle.onnx_bundle import (
    FORMAT,
    GRAPH_FILE,
    SETTINGS_FILE,
    SPEAKER_ENCODER,
    SPEAKER_VECTOR_SIZE,
)
from vits.synthesis.bundle.voice_bundle import VoiceBundle

__all__ = ["TARGET"]


UNCHANGED = {"pitch": torch.zeros(1), "pitch_range": torch.ones(1)}
_AXES = {
    "ids": {0: "batch", 1: "symbols"},
    "id_lengths": {0: "batch"},
    "speakers": {0: "batch"},
    "speaker_vector": {0: "batch or 1", 1: "values or 0"},
    "languages": {0: "batch"},
    "duration_noise": {0: "batch or 1", 2: "symbols given"},
    "noise": {0: "batch or 1", 2: "frames given"},
    "excitation_noise": {0: "batch or 1", 2: "samples given"},
    "wave": {0: "batch", 2: "samples"},
    "durations": {0: "batch", 1: "symbols"},
    "mean": {0: "batch", 2: "symbols"},
    "log_std": {0: "batch", 2: "symbols"},
    "conditioning": {0: "batch"},
    "hidden": {0: "batch", 2: "symbols"},
    PITCH: {0: "batch", 2: "frames"},
}


class _Graph(nn.Module):
    """``InferenceGraph`` with its inputs in the order of the file."""

    def __init__(self, model: Vits) -> None:
        super().__init__()
        self.core = InferenceGraph(model)
        self.multi_speaker = model.config.n_speakers > 1
        self.multilingual = model.config.n_languages > 0
        self.takes_vectors = model.config.speaker_vectors is not None
        self.pitched = model.config.pitch is not None

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return wave, ``TEXT_OUTPUTS``; the inputs are those of ``_graph_spec``."""
        control, excitation_noise = AS_PREDICTED, None
        if self.pitched:
            *first, excitation_noise, shift, factor = inputs
            inputs = tuple(first)
            control = PitchControl(shift, factor)
        *head, duration_noise, noise = inputs
        ids, lengths, noise_scale, length_scale, noise_scale_duration, *choices = head
        languages = choices.pop() if self.multilingual else None
        vector = choices.pop() if self.takes_vectors else None
        traced = self.core(
            ids,
            lengths,
            noise_scale,
            length_scale,
            noise_scale_duration,
            choices[0] if choices else None,
            duration_noise,
            noise,
            languages,
            vector,
            excitation_noise,
            control,
        )
        speaker = () if traced.conditioning is None else (traced.conditioning,)
        pitch = () if traced.pitch is None else (traced.hidden, traced.pitch)
        return traced.wave, traced.durations, *traced.prior, *speaker, *pitch


def _graph_spec(bundle: VoiceBundle, model: Vits, language: int | None) -> GraphSpec:
    del language
    multi_speaker, named = model.config.n_speakers > 1, bundle.frontend.config.languages
    pitched = model.config.pitch is not None
    vectors = model.config.speaker_vectors

    def inputs(example: ExampleInput) -> dict[str, Tensor]:
        speakers = {"speakers": torch.tensor([example.speaker])} if multi_speaker else {}
        languages = {"languages": torch.tensor([example.language])} if named else {}
        vector = {} if vectors is None else {"speaker_vector": example.speaker_vector}
        return {
            "ids": example.ids,
            "id_lengths": torch.tensor([example.ids.shape[1]]),
            "noise_scale": torch.tensor([example.noise_scale]),
            "length_scale": torch.tensor([example.length_scale]),
            "noise_scale_duration": torch.tensor([example.noise_scale_duration]),
            **speakers,
            **vector,
            **languages,
            "duration_noise": example.duration_noise,
            "noise": example.noise,
            **({"excitation_noise": example.excitation_noise, **UNCHANGED} if pitched else {}),
        }

    return GraphSpec(
        module=_Graph(model),
        inputs=inputs,
        axes=_AXES,
        outputs=("wave", "durations"),
        inner=(
            *("mean", "log_std"),
            *(("conditioning",) if multi_speaker else ()),
            *(("hidden", PITCH) if pitched else ()),
        ),
        optional={
            "duration_noise": torch.zeros(1, 2, 0),
            "noise": torch.zeros(1, model.config.latent_channels, 0),
            **({} if vectors is None else {"speaker_vector": torch.zeros(1, 0)}),
            **({"excitation_noise": torch.zeros(1, 1, 0), **UNCHANGED} if pitched else {}),
        },
        metadata={
            "sample_rate": str(model.config.audio.sample_rate),
            "hop_length": str(model.config.audio.hop_length),
            "n_speakers": str(model.config.n_speakers),
            "language": bundle.frontend.config.language,
            **({"languages": ",".join(name for name, _ in named)} if named else {}),
            "license": bundle.card.licence,
            **({} if vectors is None else _described(vectors)),
        },
    )


def _described(vectors: SpeakerVectorsConfig) -> dict[str, str]:
    """Return the metadata of a graph that takes speaker vectors."""
    return {SPEAKER_ENCODER: vectors.encoder, SPEAKER_VECTOR_SIZE: str(vectors.size)}


def _write_files(folder: Path, bundle: VoiceBundle) -> None:
    """Write the settings that map phonemes to ids; ``vits.load`` reads them."""
    audio = bundle.generator.config.audio
    values: dict[str, Any] = {
        "format": FORMAT,
        "sample_rate": audio.sample_rate,
        "hop_length": audio.hop_length,
        "speakers": list(bundle.speakers),
        "inference": to_dict(bundle.settings),
        "frontend": bundle.frontend.to_dict(),
        "fingerprint": dict(bundle.fingerprint),
        "card": to_dict(bundle.card),
    }
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")


def _check(bundle: VoiceBundle) -> None:
    """Accept every voice."""
    del bundle


TARGET = Target(
    title="onnx",
    check=_check,
    graph_spec=_graph_spec,
    graph_name=lambda _: GRAPH_FILE,
    write_files=_write_files,
    write_parts=write_parts,
    takes_language=True,
)
