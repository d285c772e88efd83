"""Piper's graph and its JSON.

The graph takes ``input``, ``input_lengths``, ``scales`` (noise, length, duration noise) and, with
several speakers, ``sid``; it returns ``output`` (1, 1, 1, L). Piper reads the durations from the
graph's only ``Ceil``. It frames a text with the ids that its JSON lists for ``^``, ``_`` and ``$``;
the lists are empty for a voice that was trained without them. One more key of the JSON, which Piper
ignores, describes the voice, so that reading it back restores everything.
"""

import json
import re
import unicodedata
from pathlib import Path

import torch
from torch import Tensor, nn

from vits.errors import VoiceError
from vits.export.graph import PITCH, InferenceGraph
from vits.export.reachable_symbols import reachable_symbols
from vits.export.target import ExampleInput, GraphSpec, Target, require_no_vectors
from vits.interop.piper.settings import language_settings, quality, voice_settings
from vits.models.vits import Vits
from vits.synthesis.bundle.description import DESCRIPTION, describe_voice
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend
from vits.text.symbols import describe_symbols

__all__ = ["TARGET"]

BLANK, BEGIN, END = "_", "^", "$"


class _Graph(nn.Module):
    """``InferenceGraph`` with Piper's inputs."""

    def __init__(self, model: Vits, language: int | None) -> None:
        super().__init__()
        self.core = InferenceGraph(model, language)

    def forward(
        self, ids: Tensor, lengths: Tensor, scales: Tensor, *sid: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the wave (B, 1, 1, L), and the pitch of a voice with pitch."""
        noise_scale, length_scale, noise_scale_duration = scales.split(1)
        speakers = sid[0] if sid else None
        traced = self.core(
            ids, lengths, noise_scale, length_scale, noise_scale_duration, speakers, None, None
        )
        return traced.wave.unsqueeze(1), *(() if traced.pitch is None else (traced.pitch,))


def _graph_spec(bundle: VoiceBundle, model: Vits, language: int | None) -> GraphSpec:
    del bundle
    multi_speaker = model.config.n_speakers > 1

    def inputs(example: ExampleInput) -> dict[str, Tensor]:
        scales = example.noise_scale, example.length_scale, example.noise_scale_duration
        speakers = {"sid": torch.tensor([example.speaker])} if multi_speaker else {}
        return {
            "input": example.ids,
            "input_lengths": torch.tensor([example.ids.shape[1]]),
            "scales": torch.tensor(scales),
            **speakers,
        }

    return GraphSpec(
        module=_Graph(model, language),
        inputs=inputs,
        axes={
            "input": {0: "batch_size", 1: "phonemes"},
            "input_lengths": {0: "batch_size"},
            "output": {0: "batch_size", 3: "samples"},
            PITCH: {0: "batch_size", 2: "frames"},
        },
        outputs=("output",),
        inner=() if model.config.pitch is None else (PITCH,),
    )


def _check(bundle: VoiceBundle) -> None:
    """Require that Piper finds every symbol of a text.

    Raises:
        VoiceError: it decomposes letters for which the voice has one symbol, or the voice takes
            speaker vectors.
    """
    require_no_vectors(bundle, "Piper")
    composed = _composed(bundle.frontend)
    if composed and bundle.frontend.config.backend == "graphemes":
        named = describe_symbols(dict.fromkeys(composed, 1))
        raise VoiceError(
            f"Piper decomposes accented letters, but the voice has one symbol for {named}"
            "; export it with --to onnx or --to sherpa"
        )


def _composed(frontend: Frontend) -> list[str]:
    """Return the symbols that Piper, which decomposes accents, sees only in parts."""
    table, decomposed = frontend.symbols, {}
    for symbol in reachable_symbols(frontend):
        parts = unicodedata.normalize("NFD", symbol)
        if len(symbol) == 1 and parts != symbol:
            decomposed[symbol] = all(part in table for part in parts)
    # our front end decomposes phonemes as well, where the table has the parts
    phonemes = frontend.config.backend == "espeak"
    return [symbol for symbol, known in decomposed.items() if not (phonemes and known)]


def _id_lists(frontend: Frontend) -> dict[str, list[int]]:
    """Return symbol -> ids."""
    table, config = frontend.symbols, frontend.config
    lists = {symbol: [id] for symbol, id in reachable_symbols(frontend).items()}
    lists |= {unicodedata.normalize("NFD", s): [table.id(s)] for s in _composed(frontend)}
    lists[BLANK] = [table.id(config.blank) if config.blank else 0] if config.blanks else []
    for mark in (BEGIN, END):
        lists[mark] = [table.id(mark)] if config.bos_eos else []
    return lists


def _graph_name(bundle: VoiceBundle) -> str:
    """Return a file name like those of Piper's voices: ``en_US-ada-medium.onnx``."""
    code = language_settings(bundle.card, bundle.frontend.config.language)["code"]
    return f"{code}-{_name(bundle)}-{_quality(bundle)}.onnx"


def _name(bundle: VoiceBundle) -> str:
    """Return the name of a voice as Piper's clients find it, in its file name and its JSON."""
    return re.sub(r"[^a-z0-9_]+", "_", bundle.card.name.lower()).strip("_") or "voice"


def _quality(bundle: VoiceBundle) -> str:
    return quality(bundle.card, bundle.generator.config.audio.sample_rate)


def _write_files(folder: Path, bundle: VoiceBundle) -> None:
    """Write the voice's JSON."""
    values = voice_settings(bundle, _id_lists(bundle.frontend), _composed(bundle.frontend))
    values |= {"dataset": _name(bundle), "piper_version": "1.0.0"}
    if (
        bundle.generator.config.n_languages == 0
    ):  # a graph of one of several languages lacks the others
        values[DESCRIPTION] = describe_voice(bundle)
    written = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / f"{_graph_name(bundle)}.json").write_text(written + "\n", encoding="utf-8")


TARGET = Target(
    title="piper",
    check=_check,
    graph_spec=_graph_spec,
    graph_name=_graph_name,
    write_files=_write_files,
    describes=False,  # Piper's own graphs have no metadata; the JSON has the description
)
