"""Verify that a converted voice is equivalent: same symbol ids, same noise, same samples."""

import math
import tempfile
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vits.audio._torchaudio import import_torchaudio
from vits.errors import TextError, VitsError, VoiceError
from vits.interop.full_voice import FullVoice
from vits.interop.symbol_table import move_blank_first
from vits.interop.transformers import format as transformers_format
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend, UnknownSymbolWarning

__all__ = [
    "WaveDifference",
    "compare_ids",
    "compare_voices",
    "compare_with_transformers",
    "verify_with_transformers",
]

SEED = 20210611
N_SYMBOLS = 24
MAX_FRAMES = 20_000  # an untrained voice may predict hours


class WaveDifference(NamedTuple):
    """Difference between two waves.

    Attributes:
        difference: largest absolute difference of two samples; infinite if the lengths differ.
        peak: largest absolute sample of the reference.
        samples: length of the reference.
    """

    difference: float
    peak: float
    samples: int


def verify_with_transformers(voice: FullVoice, folder: Path | None = None) -> WaveDifference | str:
    """Compare a voice with transformers' forward pass; return the reason if that is impossible.

    Args:
        voice: the voice.
        folder: the transformers folder that it was written to or read from; None writes one.
    """
    if find_spec("transformers") is None:
        return "transformers is not installed"
    try:
        unsupported = transformers_format.unsupported_parts(voice)
    except VitsError as error:
        return str(error)
    if "posterior-encoder" in unsupported:
        return "the voice is compact"
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            transformers_format.write(folder, voice)
        try:
            return compare_with_transformers(folder, voice.bundle)
        except VoiceError as error:
            return str(error)


def compare_with_transformers(folder: Path, bundle: VoiceBundle) -> WaveDifference:
    """Synthesise the same ids with a voice and with transformers' model of a folder.

    Args:
        folder: folder that ``VitsModel.from_pretrained`` reads.
        bundle: the same voice.
    """
    import_torchaudio()  # transformers imports it too, and fails on one built for CUDA
    from transformers import VitsModel
    from transformers.utils import logging

    verbosity, progress_bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model: Any = VitsModel.from_pretrained(folder, local_files_only=True).eval()
    finally:
        logging.set_verbosity(verbosity)
        if progress_bar:
            logging.enable_progress_bar()
    frontend = move_blank_first(bundle.frontend, bundle.generator.state_dict())[0]
    ids = torch.tensor([_interleave_blanks(_sample_symbols(bundle.frontend), frontend)])
    speaker = {"speaker_id": 0} if model.config.num_speakers > 1 else {}
    settings = bundle.settings
    model.noise_scale, model.noise_scale_duration = (
        settings.noise_scale,
        settings.noise_scale_duration,
    )
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        rate = 1.0 / settings.length_scale
        expected: Tensor = model(ids, speaking_rate=rate, **speaker).waveform[0]
    return _difference(expected, _synthesise(bundle, _sample_symbols(bundle.frontend)))


def compare_voices(one: VoiceBundle, other: VoiceBundle) -> WaveDifference | str:
    """Synthesise the same symbols with two voices; return the reason if that is impossible.

    The symbols are some that both have, since a part that was dropped may have taken one with it.
    """
    blanks = {_blank(voice.frontend) for voice in (one, other)}
    shared = [
        symbol
        for symbol in _usable_symbols(one.frontend)
        if symbol in other.frontend.symbols and symbol not in blanks
    ]
    if not shared:
        return "the voices share no symbol"
    try:
        return _difference(*(_synthesise(voice, _spread(shared)) for voice in (one, other)))
    except VoiceError as error:
        return str(error)


def compare_ids(one: Frontend, other: Frontend) -> bool:
    """Return whether two front ends give the same ids for a text that both can encode."""
    text = _sample_text(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        try:
            return one.encode(text, unknown="drop").ids == other.encode(text, unknown="drop").ids
        except TextError:
            return False


def _difference(expected: Tensor, actual: Tensor) -> WaveDifference:
    same = expected.shape == actual.shape
    difference = float((expected - actual).abs().max()) if same else math.inf
    return WaveDifference(difference, float(expected.abs().max()), len(expected))


def _synthesise(bundle: VoiceBundle, symbols: Sequence[str]) -> Tensor:
    """Synthesise symbols with the noise that transformers draws after the same seed."""
    generator, settings = bundle.generator.eval(), bundle.settings
    config = generator.config
    ids = torch.tensor([_interleave_blanks(symbols, bundle.frontend)])
    options: dict[str, Any] = {
        "noise_scale": settings.noise_scale,
        "noise_scale_duration": settings.noise_scale_duration,
        "length_scale": settings.length_scale,
        "max_frames": MAX_FRAMES,
    }
    n = ids.shape[1]
    first = torch.tensor([0])
    arguments = ids, torch.tensor([n]), first if config.n_speakers > 1 else None, first
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        if config.duration_predictor.kind == "stochastic":
            options["duration_noise"] = torch.randn(1, 2, n)
        state = torch.get_rng_state()
        n_frames = max(1, int(generator.infer(*arguments, **options).durations.sum()))
        torch.set_rng_state(state)
        # transformers draws a transposed tensor, in the order of its memory
        noise = torch.randn_like(torch.empty(1, n_frames, config.latent_channels).mT)
        return generator.infer(*arguments, **options, noise=noise).wave[0, 0]


def _sample_symbols(frontend: Frontend) -> list[str]:
    """Return symbols that occur in texts, evenly spread over the table."""
    return _spread(_usable_symbols(frontend))


def _usable_symbols(frontend: Frontend) -> list[str]:
    table = frontend.symbols
    used = [s for id, s in enumerate(table.symbols) if len(s) == 1 and table.id(s) == id]
    return used or list(table.symbols)


def _spread(symbols: Sequence[str]) -> list[str]:
    return [symbols[i * len(symbols) // N_SYMBOLS] for i in range(N_SYMBOLS)]


def _interleave_blanks(symbols: Sequence[str], frontend: Frontend) -> list[int]:
    """Return the ids of symbols, with blanks around each if the voice uses blanks."""
    table, config = frontend.symbols, frontend.config
    ids = [table.id(symbol) for symbol in symbols]
    if config.blanks:
        blank = table.id(config.blank) if config.blank else 0
        ids = [blank, *(id for symbol_id in ids for id in (symbol_id, blank))]
    return ids


def _blank(frontend: Frontend) -> str:
    return frontend.config.blank or frontend.symbols.symbols[0]


def _sample_text(frontend: Frontend) -> str:
    """Return a text that a front end can encode: a greeting, or the letters of its table."""
    if frontend.config.backend == "espeak":
        return "Hello, world."
    letters = [s for s in frontend.symbols.symbols if len(s) == 1 and s.isalpha()]
    return " ".join("".join(letters[i : i + 7]) for i in range(0, len(letters), 7))
