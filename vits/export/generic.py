"""A generic graph for ONNX Runtime and other ONNX engines.

The scales are inputs. Noise is an optional input; the graph draws what the caller leaves out. A
voice with speaker vectors has the optional input ``speaker_vector``, which replaces the id. The
durations in frames are the second output.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.config import SpeakerVectorsConfig, to_dict
from vits.export.graph import InferenceGraph
from vits.export.parts import TEXT_OUTPUTS, write_parts
from vits.export.target import ExampleInput, GraphSpec, Target
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


class _Graph(nn.Module):
    """``InferenceGraph`` with its inputs in the order of the file."""

    def __init__(self, model: Vits) -> None:
        super().__init__()
        self.core = InferenceGraph(model)
        self.multi_speaker = model.config.n_speakers > 1
        self.multilingual = model.config.n_languages > 0
        self.takes_vectors = model.config.speaker_vectors is not None

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return wave, ``TEXT_OUTPUTS``; the inputs are those of ``_graph_spec``."""
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
        )
        speaker = () if traced.conditioning is None else (traced.conditioning,)
        return traced.wave, traced.durations, *traced.prior, *speaker


def _graph_spec(bundle: VoiceBundle, model: Vits, language: int | None) -> GraphSpec:
    del language
    multi_speaker, named = model.config.n_speakers > 1, bundle.frontend.config.languages
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
        }

    speakers = {"speakers": {0: "batch"}} if multi_speaker else {}
    if vectors is not None:
        speakers["speaker_vector"] = {0: "batch or 1", 1: "values or 0"}
    languages = {"languages": {0: "batch"}} if named else {}
    return GraphSpec(
        module=_Graph(model),
        inputs=inputs,
        axes={
            "ids": {0: "batch", 1: "symbols"},
            "id_lengths": {0: "batch"},
            **speakers,
            **languages,
            "duration_noise": {0: "batch or 1", 2: "symbols given"},
            "noise": {0: "batch or 1", 2: "frames given"},
            "wave": {0: "batch", 2: "samples"},
            "durations": {0: "batch", 1: "symbols"},
            "mean": {0: "batch", 2: "symbols"},
            "log_std": {0: "batch", 2: "symbols"},
            **({"conditioning": {0: "batch"}} if multi_speaker else {}),
        },
        outputs=("wave", "durations"),
        inner=TEXT_OUTPUTS[1 : 4 if multi_speaker else 3],
        optional={
            "duration_noise": torch.zeros(1, 2, 0),
            "noise": torch.zeros(1, model.config.latent_channels, 0),
            **({} if vectors is None else {"speaker_vector": torch.zeros(1, 0)}),
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
