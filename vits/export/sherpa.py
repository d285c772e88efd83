"""sherpa-onnx's graph, its ``tokens.txt`` and its phonemizer data.

sherpa-onnx adds BOS, EOS and blanks of its own to a text. In ``tokens.txt`` they get ids that the
voice does not have. The graph removes these ids and adds the voice's own, so a text gets exactly
the ids of training in every version of sherpa-onnx.

- A phoneme voice is a Piper voice to sherpa-onnx: versions 1.x phonemize with ``espeak-ng-data``;
  since 2.0 the caller passes phonemes as code points.
- A character voice uses the front end ``characters``.
"""

import shutil
from pathlib import Path

import torch
from torch import Tensor, nn

from vits.errors import VoiceError
from vits.export.graph import PITCH, InferenceGraph
from vits.export.reachable_symbols import reachable_symbols
from vits.export.target import ExampleInput, GraphSpec, Target, require_no_vectors
from vits.models.vits import Vits
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend
from vits.text.espeak.phonemize import espeak_data
from vits.text.symbols import describe_symbols

__all__ = ["TARGET"]

MODEL, TOKENS, DATA = "model.onnx", "tokens.txt", "espeak-ng-data"
BLANK, BEGIN, END = MARKS = "_^$"  # what sherpa-onnx adds to phonemes
SEPARATORS = "\0\t\n\v\f\r"  # they end a symbol or a line of tokens.txt


class _Graph(nn.Module):
    """``InferenceGraph`` with the inputs of sherpa-onnx, one sentence at a time."""

    marks: Tensor

    def __init__(self, model: Vits, frontend: Frontend, language: int | None) -> None:
        super().__init__()
        self.core = InferenceGraph(model, language)
        self.n_symbols = model.config.n_symbols
        self.one_scales_input = frontend.config.backend == "espeak"
        table, config = frontend.symbols, frontend.config
        self.blanks, self.bos_eos = config.blanks, config.bos_eos
        blank = table.id(config.blank) if config.blank else 0
        bounds = [table.id(mark) if config.bos_eos else 0 for mark in (BEGIN, END)]
        self.register_buffer("marks", torch.tensor([blank, *bounds]), persistent=False)

    def forward(self, ids: Tensor, lengths: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        """Return the wave (1, 1, L) of ids (1, S), and the pitch of a voice with pitch.

        The other inputs are in ``_graph_spec``.
        """
        del lengths  # it counts the symbols that sherpa-onnx adds
        ids = self._restore_marks(ids[0])
        n = 1 if self.one_scales_input else 3
        scales = others[0].split(1) if self.one_scales_input else others[:n]
        noise_scale, length_scale, noise_scale_duration = scales
        speakers = others[n] if len(others) > n else None
        length = torch.ones_like(ids).sum(1)
        traced = self.core(
            ids, length, noise_scale, length_scale, noise_scale_duration, speakers, None, None
        )
        return traced.wave, *(() if traced.pitch is None else (traced.pitch,))

    def _restore_marks(self, ids: Tensor) -> Tensor:
        """Replace sherpa-onnx's marks in ids (S,) by the voice's BOS, EOS and blanks; (1, S')."""
        kept = ids[ids < self.n_symbols]
        blank, begin, end = self.marks.split(1)
        kept = torch.cat([kept, blank[kept.shape[0] :]])  # at least one symbol
        if self.blanks:
            pairs = torch.stack([kept, blank.expand(kept.shape[0])], dim=1)
            kept = torch.cat([blank, pairs.reshape(-1)])
        if self.bos_eos:
            kept = torch.cat([begin, kept, end])
        return kept.unsqueeze(0)


def _graph_spec(bundle: VoiceBundle, model: Vits, language: int | None) -> GraphSpec:
    frontend, multi_speaker = bundle.frontend, model.config.n_speakers > 1
    phonemes = frontend.config.backend == "espeak"

    def inputs(example: ExampleInput) -> dict[str, Tensor]:
        ids = _remove_marks(example.ids[0].tolist(), frontend)
        if phonemes:
            blank, begin, end = range(model.config.n_symbols, model.config.n_symbols + len(MARKS))
            ids = [begin, *(id for symbol_id in ids for id in (symbol_id, blank)), end]
        scales = example.noise_scale, example.length_scale, example.noise_scale_duration
        names = ("noise_scale", "length_scale", "noise_scale_w")
        each = {name: torch.tensor([value]) for name, value in zip(names, scales, strict=True)}
        return {
            "x": torch.tensor([ids]),
            "x_length": torch.tensor([len(ids)]),
            **({"scales": torch.tensor(scales)} if phonemes else each),
            **({"sid": torch.tensor([example.speaker])} if multi_speaker else {}),
        }

    return GraphSpec(
        module=_Graph(model, frontend, language),
        inputs=inputs,
        axes={"x": {1: "symbols"}, "y": {2: "samples"}, PITCH: {2: "frames"}},
        outputs=("y",),
        inner=() if model.config.pitch is None else (PITCH,),
        metadata=_metadata(bundle),
    )


def _remove_marks(ids: list[int], frontend: Frontend) -> list[int]:
    """Remove the BOS, EOS and blanks that the voice's front end adds."""
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
    """Require a table that sherpa-onnx can read; a bad one makes it exit the process.

    Raises:
        VoiceError: a symbol would break ``tokens.txt``, or stands for several code points, of which
            sherpa-onnx looks up each, or the voice takes speaker vectors.
    """
    require_no_vectors(bundle, "sherpa-onnx")
    clusters = bundle.frontend.config.clusters
    if clusters:
        raise VoiceError(
            "sherpa-onnx looks up single code points, but the voice has one symbol for "
            f"{describe_symbols(dict.fromkeys(clusters, 1))}; "
            "export it with --to onnx or --to piper"
        )
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
    """Return code point -> id; symbols of several are not reached, see ``_check``."""
    ids = {s: id for s, id in reachable_symbols(bundle.frontend).items() if len(s) == 1}
    if bundle.frontend.config.backend == "espeak":
        ids |= {mark: bundle.generator.config.n_symbols + i for i, mark in enumerate(MARKS)}
    return ids


def _write_files(folder: Path, bundle: VoiceBundle) -> None:
    """Write ``tokens.txt``, with a symbol and its id in each line, and the data of espeak-ng."""
    # the line of the space has only an id
    lines = [f"{symbol.strip(' ')} {id}\n" for symbol, id in _tokens(bundle).items()]
    (folder / TOKENS).write_text("".join(lines), encoding="utf-8", newline="\n")
    if bundle.frontend.config.backend == "espeak":
        shutil.copytree(espeak_data(), folder / DATA)


TARGET = Target(
    title="sherpa",
    check=_check,
    graph_spec=_graph_spec,
    graph_name=lambda _: MODEL,
    write_files=_write_files,
)
