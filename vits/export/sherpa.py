"""sherpa-onnx's graph, its ``tokens.txt`` and the data it makes phonemes with.

sherpa-onnx puts a frame of its own around the symbols of a text. Here the symbols of that frame
have rows that the voice does not have, and the graph takes them off and puts the voice's own frame
on: so a text gets exactly the ids it had in training, whatever the version.

- A voice of phonemes is of Piper's kind to sherpa-onnx: versions 1.x make the phonemes with
  ``espeak-ng-data``; from 2.0 on the caller gives them, as code points.
- A voice of characters is of the kind whose front end is ``characters``.
"""

import shutil
from pathlib import Path

import torch
from torch import Tensor, nn

from vits.errors import VoiceError
from vits.export.graph import InferenceGraph
from vits.export.reachable_symbols import spoken_symbols
from vits.export.target import Plan, Request, Target
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend
from vits.text.espeak.phonemize import espeak_data
from vits.text.symbols import describe_symbols

__all__ = ["TARGET"]

MODEL, TOKENS, DATA = "model.onnx", "tokens.txt", "espeak-ng-data"
BLANK, BEGIN, END = FRAME = "_^$"  # sherpa-onnx's frame around phonemes
SEPARATORS = "\0\t\n\v\f\r"  # its reader of tokens.txt ends a symbol or a line at these


class _Graph(nn.Module):
    """``InferenceGraph`` behind the inputs and the frame of sherpa-onnx; one sentence at a time."""

    frame: Tensor

    def __init__(self, model: Vits, frontend: Frontend, language: int | None) -> None:
        super().__init__()
        self.core = InferenceGraph(model, language)
        self.n_symbols = model.config.n_symbols
        self.one_scales_input = frontend.config.backend == "espeak"
        table, config = frontend.symbols, frontend.config
        self.blanks, self.bos_eos = config.blanks, config.bos_eos
        blank = table.id(config.blank) if config.blank else 0
        bounds = [table.id(mark) if config.bos_eos else 0 for mark in (BEGIN, END)]
        self.register_buffer("frame", torch.tensor([blank, *bounds]), persistent=False)

    def forward(self, ids: Tensor, lengths: Tensor, *others: Tensor) -> Tensor:
        """Return the wave (1, 1, L); the inputs are those of ``_plan``."""
        del lengths  # it counts sherpa-onnx's frame too
        ids = self._framed(ids[0])
        n = 1 if self.one_scales_input else 3
        scales = others[0].split(1) if self.one_scales_input else others[:n]
        noise_scale, length_scale, noise_scale_duration = scales
        speakers = others[n] if len(others) > n else None
        length = torch.ones_like(ids).sum(1)
        wave, _ = self.core(
            ids, length, noise_scale, length_scale, noise_scale_duration, speakers, None, None
        )
        return wave

    def _framed(self, ids: Tensor) -> Tensor:
        """Replace the frame around ids (S,) by the voice's own; return (1, S')."""
        kept = ids[ids < self.n_symbols]
        blank, begin, end = self.frame.split(1)
        kept = torch.cat([kept, blank[kept.shape[0] :]])  # one symbol at least
        if self.blanks:
            pairs = torch.stack([kept, blank.expand(kept.shape[0])], dim=1)
            kept = torch.cat([blank, pairs.reshape(-1)])
        if self.bos_eos:
            kept = torch.cat([begin, kept, end])
        return kept.unsqueeze(0)


def _plan(bundle: VoiceBundle, model: Vits, language: int | None) -> Plan:
    frontend, several = bundle.frontend, model.config.n_speakers > 1
    phonemes = frontend.config.backend == "espeak"

    def inputs(request: Request) -> dict[str, Tensor]:
        ids = _unframed(request.ids[0].tolist(), frontend)
        if phonemes:
            blank, begin, end = range(model.config.n_symbols, model.config.n_symbols + len(FRAME))
            ids = [begin, *(row for each in ids for row in (each, blank)), end]
        scales = request.noise_scale, request.length_scale, request.noise_scale_duration
        names = ("noise_scale", "length_scale", "noise_scale_w")
        each = {name: torch.tensor([value]) for name, value in zip(names, scales, strict=True)}
        return {
            "x": torch.tensor([ids]),
            "x_length": torch.tensor([len(ids)]),
            **({"scales": torch.tensor(scales)} if phonemes else each),
            **({"sid": torch.tensor([request.speaker])} if several else {}),
        }

    return Plan(
        module=_Graph(model, frontend, language),
        inputs=inputs,
        axes={"x": {1: "symbols"}, "y": {2: "samples"}},
        outputs=("y",),
        metadata=_metadata(bundle),
    )


def _unframed(ids: list[int], frontend: Frontend) -> list[int]:
    """Take off what the voice's front end puts around and between symbols."""
    if frontend.config.bos_eos:
        ids = ids[1:-1]
    return ids[1::2] if frontend.config.blanks else ids


def _metadata(bundle: VoiceBundle) -> dict[str, str]:
    config, text = bundle.generator.config, bundle.frontend.config
    kind = {"comment": "piper", "has_espeak": "1", "voice": text.language, "version": "1"}
    if text.backend != "espeak":
        kind = {"comment": "vits", "frontend": "characters", "use_eos_bos": "0", "version": "1"}
    return {
        "model_type": "vits",
        **kind,
        "add_blank": "0",
        "language": text.language,
        "n_speakers": str(config.n_speakers),
        "sample_rate": str(config.audio.sample_rate),
        "license": bundle.card.licence,
    }


def _check(bundle: VoiceBundle) -> None:
    """Require a table that sherpa-onnx can read: it ends the process over one it cannot.

    Raises:
        VoiceError: a symbol would break ``tokens.txt``.
    """
    bad = [
        symbol
        for symbol in _tokens(bundle)
        if symbol in SEPARATORS or "\ud800" <= symbol <= "\udfff"
    ]
    if bad:
        raise VoiceError(
            f"sherpa-onnx cannot read the symbol {describe_symbols(dict.fromkeys(bad, 1))}; "
            "export the voice with --to onnx, or prepare it without this symbol"
        )


def _tokens(bundle: VoiceBundle) -> dict[str, int]:
    """Return code point -> row; symbols of several code points are in no text of ours either."""
    rows = {s: row for s, row in spoken_symbols(bundle.frontend).items() if len(s) == 1}
    if bundle.frontend.config.backend == "espeak":
        rows |= {mark: bundle.generator.config.n_symbols + i for i, mark in enumerate(FRAME)}
    return rows


def _write(folder: Path, bundle: VoiceBundle) -> None:
    """Write ``tokens.txt``, a symbol and its row in each line, and the data of espeak-ng."""
    # a line that has nothing but a row is the space's
    lines = [f"{symbol.strip(' ')} {row}\n" for symbol, row in _tokens(bundle).items()]
    (folder / TOKENS).write_text("".join(lines), encoding="utf-8", newline="\n")
    if bundle.frontend.config.backend == "espeak":
        shutil.copytree(espeak_data(), folder / DATA)


TARGET = Target(title="sherpa", check=_check, plan=_plan, file=lambda _: MODEL, write=_write)
