"""Proof that a converted voice is the same voice: the same ids and the same noise through both."""

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
from vits.interop.full_voice import WholeVoice
from vits.interop.symbol_table import first_row_blank
from vits.interop.transformers import format as exchange
from vits.synthesis.bundle.voice_bundle import VoiceBundle
from vits.text import Frontend, UnknownSymbolWarning

__all__ = ["Proof", "compare_ids", "compare_voices", "compare_with_transformers", "prove"]

SEED = 20210611
N_SYMBOLS = 24
MOST_FRAMES = 20_000  # an untrained voice may want hours


class Proof(NamedTuple):
    """What a comparison of two waves found.

    Attributes:
        difference: largest difference of two samples; infinite if the lengths differ.
        peak: largest sample of the reference.
        samples: length of the reference.
    """

    difference: float
    peak: float
    samples: int


def prove(voice: WholeVoice, folder: Path | None = None) -> Proof | str:
    """Compare with transformers' own forward pass, or say why that cannot be.

    Args:
        voice: the voice.
        folder: one of transformers' that it was written to or read from; None writes one.
    """
    if find_spec("transformers") is None:
        return "transformers is not installed"
    try:
        lost = exchange.losses(voice)
    except VitsError as error:
        return str(error)
    if "posterior-encoder" in lost:
        return "the voice is compact"
    with tempfile.TemporaryDirectory() as written:
        if folder is None:
            folder = Path(written)
            exchange.write(folder, voice)
        try:
            return compare_with_transformers(folder, voice.bundle)
        except VoiceError as error:
            return str(error)


def compare_with_transformers(folder: Path, bundle: VoiceBundle) -> Proof:
    """Speak the same ids with a voice and with the model that transformers makes of a folder.

    Args:
        folder: what ``VitsModel.from_pretrained`` reads.
        bundle: the voice, from which the folder was written or as which it was read.
    """
    import_torchaudio()  # transformers imports it too, and would fail on one built for CUDA
    from transformers import VitsModel
    from transformers.utils import logging

    shown, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model: Any = VitsModel.from_pretrained(folder, local_files_only=True).eval()
    finally:
        logging.set_verbosity(shown)
        if bars:
            logging.enable_progress_bar()
    frontend = first_row_blank(bundle.frontend, bundle.generator.state_dict())[0]
    theirs = torch.tensor([_framed(_rows(bundle.frontend), frontend)])
    speaker = {"speaker_id": 0} if model.config.num_speakers > 1 else {}
    inference = bundle.settings
    model.noise_scale, model.noise_scale_duration = (
        inference.noise_scale,
        inference.noise_scale_duration,
    )
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        rate = 1.0 / inference.length_scale
        expected: Tensor = model(theirs, speaking_rate=rate, **speaker).waveform[0]
    return _proof(expected, _speak(bundle))


def compare_voices(one: VoiceBundle, other: VoiceBundle) -> Proof | str:
    """Speak the same ids with two voices of ours, or say why that cannot be."""
    try:
        return _proof(_speak(one), _speak(other))
    except VoiceError as error:
        return str(error)


def compare_ids(one: Frontend, other: Frontend) -> bool:
    """Tell whether two front ends make the same ids of a text that both can say."""
    text = _sample(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnknownSymbolWarning)
        try:
            return one.encode(text, unknown="drop").ids == other.encode(text, unknown="drop").ids
        except TextError:
            return False


def _proof(expected: Tensor, found: Tensor) -> Proof:
    same = expected.shape == found.shape
    difference = float((expected - found).abs().max()) if same else math.inf
    return Proof(difference, float(expected.abs().max()), len(expected))


def _speak(bundle: VoiceBundle) -> Tensor:
    """Speak some symbols with the noise that transformers would draw after the same seed."""
    generator, inference = bundle.generator.eval(), bundle.settings
    config = generator.config
    ids = torch.tensor([_framed(_rows(bundle.frontend), bundle.frontend)])
    options: dict[str, Any] = {
        "noise_scale": inference.noise_scale,
        "noise_scale_duration": inference.noise_scale_duration,
        "length_scale": inference.length_scale,
        "max_frames": MOST_FRAMES,
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
        # theirs is drawn like a transposed tensor, in the order of its memory
        noise = torch.randn_like(torch.empty(1, n_frames, config.latent_channels).mT)
        return generator.infer(*arguments, **options, noise=noise).wave[0, 0]


def _rows(frontend: Frontend) -> list[str]:
    """Return symbols that texts use, evenly spread over the table."""
    table = frontend.symbols
    used = [s for row, s in enumerate(table.symbols) if len(s) == 1 and table.id(s) == row]
    used = used or list(table.symbols)
    return [used[i * len(used) // N_SYMBOLS] for i in range(N_SYMBOLS)]


def _framed(symbols: Sequence[str], frontend: Frontend) -> list[int]:
    """Return the rows of symbols, with blanks between them where the voice has blanks."""
    table, config = frontend.symbols, frontend.config
    ids = [table.id(symbol) for symbol in symbols]
    if config.blanks:
        blank = table.id(config.blank) if config.blank else 0
        ids = [blank, *(row for each in ids for row in (each, blank))]
    return ids


def _sample(frontend: Frontend) -> str:
    """Return a text that a front end can say: a short greeting, or the letters it knows."""
    if frontend.config.backend == "espeak":
        return "Hello, world."
    letters = [s for s in frontend.symbols.symbols if len(s) == 1 and s.isalpha()]
    return " ".join("".join(letters[i : i + 7]) for i in range(0, len(letters), 7))
