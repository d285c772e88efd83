"""Piper's graph and its JSON.

The graph takes ``input``, ``input_lengths``, ``scales`` (noise, length, noise of durations) and,
with several speakers, ``sid``; it gives ``output`` (1, 1, 1, L). Piper reads the frames of each
symbol off the graph's only ``Ceil``. Around a text Piper puts the ids that its JSON has for ``^``,
``_`` and ``$``; a voice that was trained without has empty lists there.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.errors import VoiceError
from vits.export.graph import InferenceGraph
from vits.export.reachable_symbols import spoken_symbols
from vits.export.target import Plan, Request, Target
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend
from vits.text.symbols import describe_symbols

__all__ = ["TARGET"]

BLANK, BEGIN, END = "_", "^", "$"
LOW_RATE = 16000  # Piper's voices of this rate (Hz) and below are of low quality, others of medium


class _Graph(nn.Module):
    """``InferenceGraph`` behind Piper's inputs."""

    def __init__(self, model: Vits, language: int | None) -> None:
        super().__init__()
        self.core = InferenceGraph(model, language)

    def forward(self, ids: Tensor, lengths: Tensor, scales: Tensor, *sid: Tensor) -> Tensor:
        """Return (B, 1, 1, L)."""
        noise_scale, length_scale, noise_scale_duration = scales.split(1)
        speakers = sid[0] if sid else None
        wave, _ = self.core(
            ids, lengths, noise_scale, length_scale, noise_scale_duration, speakers, None, None
        )
        return wave.unsqueeze(1)


def _plan(bundle: VoiceBundle, model: Vits, language: int | None) -> Plan:
    del bundle
    several = model.config.n_speakers > 1

    def inputs(request: Request) -> dict[str, Tensor]:
        scales = request.noise_scale, request.length_scale, request.noise_scale_duration
        speakers = {"sid": torch.tensor([request.speaker])} if several else {}
        return {
            "input": request.ids,
            "input_lengths": torch.tensor([request.ids.shape[1]]),
            "scales": torch.tensor(scales),
            **speakers,
        }

    return Plan(
        module=_Graph(model, language),
        inputs=inputs,
        axes={
            "input": {0: "batch_size", 1: "phonemes"},
            "input_lengths": {0: "batch_size"},
            "output": {0: "batch_size", 3: "samples"},
        },
        outputs=("output",),
    )


def _check(bundle: VoiceBundle) -> None:
    """Require that Piper can look up every symbol of a text.

    Raises:
        VoiceError: it takes letters apart for which the voice has one symbol.
    """
    whole = _composed(bundle.frontend)
    if whole and bundle.frontend.config.backend == "graphemes":
        named = describe_symbols(dict.fromkeys(whole, 1))
        raise VoiceError(
            f"Piper takes letters and their accents apart, but the voice has one symbol for {named}"
            "; export it with --to onnx or --to sherpa"
        )


def _composed(frontend: Frontend) -> list[str]:
    """Return the symbols of which Piper, which takes accents off, sees only the parts."""
    table, apart = frontend.symbols, {}
    for symbol in spoken_symbols(frontend):
        parts = unicodedata.normalize("NFD", symbol)
        if len(symbol) == 1 and parts != symbol:
            apart[symbol] = all(part in table for part in parts)
    # of phonemes our front end takes the parts too, where the table has them
    phonemes = frontend.config.backend == "espeak"
    return [symbol for symbol, known in apart.items() if not (phonemes and known)]


def _row_lists(frontend: Frontend) -> dict[str, list[int]]:
    """Return symbol -> rows."""
    table, config = frontend.symbols, frontend.config
    lists = {symbol: [row] for symbol, row in spoken_symbols(frontend).items()}
    lists |= {unicodedata.normalize("NFD", s): [table.id(s)] for s in _composed(frontend)}
    lists[BLANK] = [table.id(config.blank) if config.blank else 0] if config.blanks else []
    for mark in (BEGIN, END):
        lists[mark] = [table.id(mark)] if config.bos_eos else []
    return lists


def _file(bundle: VoiceBundle) -> str:
    """Name the file as Piper's voices are: ``en_US-ada-medium.onnx``."""
    code = _language(bundle)["code"]
    name = re.sub(r"[^a-z0-9_]+", "_", bundle.card.name.lower()).strip("_") or "voice"
    return f"{code}-{name}-{_quality(bundle)}.onnx"


def _quality(bundle: VoiceBundle) -> str:
    return "low" if bundle.generator.config.audio.sample_rate <= LOW_RATE else "medium"


def _language(bundle: VoiceBundle) -> dict[str, str]:
    family, _, region = bundle.frontend.config.language.partition("-")
    family = re.sub(r"[^A-Za-z0-9]+", "", family) or "und"
    region = re.sub(r"[^A-Za-z0-9]+", "", region).upper()
    return {
        "code": f"{family}_{region}" if region else family,
        "family": family,
        "region": region,
    }


def _write(folder: Path, bundle: VoiceBundle) -> None:
    """Write the voice's JSON."""
    config, text, inference = bundle.generator.config, bundle.frontend.config, bundle.settings
    names = bundle.speakers if config.n_speakers > 1 else ()
    values: dict[str, Any] = {
        "audio": {"sample_rate": config.audio.sample_rate, "quality": _quality(bundle)},
        "espeak": {"voice": text.language},
        "language": _language(bundle),
        "dataset": bundle.card.dataset or bundle.card.name,
        "inference": {
            "noise_scale": inference.noise_scale,
            "length_scale": inference.length_scale,
            "noise_w": inference.noise_scale_duration,
        },
        "phoneme_type": "espeak" if text.backend == "espeak" else "text",
        "phoneme_map": {},
        "phoneme_id_map": _row_lists(bundle.frontend),
        "num_symbols": config.n_symbols,
        "num_speakers": config.n_speakers,
        "speaker_id_map": {name: row for row, name in enumerate(names)},
        "hop_length": config.audio.hop_length,
        "piper_version": "1.0.0",
    }
    clusters = [list(unicodedata.normalize("NFD", symbol)) for symbol in _composed(bundle.frontend)]
    if clusters:
        values["vowel_clusters"] = clusters
    written = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / f"{_file(bundle)}.json").write_text(written + "\n", encoding="utf-8")


TARGET = Target(title="piper", check=_check, plan=_plan, file=_file, write=_write)
