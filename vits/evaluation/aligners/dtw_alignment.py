"""Durations found by speaking: a voice says the text, and is walked beside the recording."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio.mel import MelSpectrogram
from vits.audio.resample import resample
from vits.config import AudioConfig
from vits.data.prepared.dataset import Utterance
from vits.errors import AlignmentError
from vits.evaluation.aligners.aligner import Listener
from vits.evaluation.metrics import mel_cepstra, warp

__all__ = ["place_ends", "walk_durations"]

PASSES = 2  # the second says the text in the recording's own time, so that the walk is straight
LONGEST = 8  # times the recording: more is no speech of this text
DEPTH = 6.0  # nats under the loudest that are looked at, 52 dB: below is noise
LOUD = 0.99  # quantile of the log-mels that counts as the loudest
WALKED = AudioConfig(sample_rate=16000, n_fft=512, win_length=400, hop_length=80)
"""Finer than ``metrics.ANALYSIS``: what is measured here are times."""

Waves = NDArray[np.floating]
Ends = NDArray[np.integer]


def walk_durations(listener: Listener, utterance: Utterance) -> list[int]:
    """Find the frames of each symbol of a recording.

    The voice says the text by its own durations, without noise. Dynamic time warping of mel cepstra
    and energy leads from this speech, whose symbols' ends are known, to the recording. That is done
    a second time with the durations found. A voice that is compared with itself at another pace
    finds the ends to a third of a frame; nothing but its speech is needed.

    Args:
        listener: the voice; it may be compact.
        utterance: of at least as many frames as symbols.

    Returns:
        For each symbol at least 1; together the frames of the recording.

    Raises:
        AlignmentError: the recording has fewer frames than symbols.
        VoiceError: the voice would take eight times as long as the recording, and more.
    """
    audio = listener.model.config.audio
    recorded = utterance.wave.numpy()
    total, count = len(recorded) // audio.hop_length, len(utterance.ids)
    if total < count:
        raise AlignmentError(
            f"{utterance.id}: {total} frames must be at least its {count} symbols; check its text, "
            "or leave it out"
        )
    there = _features(recorded, audio.sample_rate)
    durations: list[int] | None = None
    for _ in range(PASSES):
        wave, said = _say(listener, utterance, durations, LONGEST * total)
        here = _features(wave, audio.sample_rate)
        seconds = np.cumsum(said)[:-1] * audio.hop_length / audio.sample_rate
        times = _follow(warp(here, there), seconds * WALKED.sample_rate / WALKED.hop_length)
        frames = times * WALKED.hop_length / WALKED.sample_rate
        ends = place_ends(frames * audio.sample_rate / audio.hop_length, total)
        durations = np.diff(ends, prepend=0, append=total).tolist()
    assert durations is not None
    return durations


def place_ends(wished: Waves, total: int) -> Ends:
    """Round the ends of all symbols but the last to frames; each symbol gets at least one.

    Args:
        wished: (S - 1,) never falling.
        total: frames of all symbols, at least S.

    >>> place_ends(np.array([0.2, 0.3, 6.8, 9.0]), 9).tolist()
    [1, 2, 7, 8]
    """
    least = np.arange(1, len(wished) + 1)
    ends = np.maximum(np.round(wished).astype(int), least)
    ends = np.maximum.accumulate(ends - least) + least
    return np.minimum(ends, total - least[::-1])


def _say(
    listener: Listener, utterance: Utterance, durations: list[int] | None, longest: int
) -> tuple[Waves, Ends]:
    """Return the samples (L,) and the frames of each symbol (S,)."""
    device, count = listener.device, len(utterance.ids)
    with torch.inference_mode():
        spoken = listener.model.infer(
            utterance.ids[None].to(device),
            torch.tensor([count], device=device),
            listener.speakers(utterance.speaker),
            torch.tensor([utterance.language], device=device),
            noise_scale=0.0,
            durations=None if durations is None else torch.tensor([durations], device=device),
            duration_noise=torch.zeros(1, 2, count, device=device),
            max_frames=longest,
        )
    return spoken.wave[0, 0].cpu().numpy(), spoken.durations[0].cpu().numpy()


def _features(wave: Waves, sample_rate: int) -> Waves:
    """Take mel cepstra and energy, (T, C), each in its share of the distance of log-mels."""
    samples = resample(torch.from_numpy(wave), sample_rate, WALKED.sample_rate)
    with torch.inference_mode():
        log_mel: Tensor = MelSpectrogram(WALKED)(samples[None, None])[0].T
    mel = log_mel.numpy()
    mel = np.maximum(mel, np.quantile(mel, LOUD) - DEPTH)
    # sum_k mel_k^2 = M (c_0^2 + sum_d c_d^2 / 2)
    return np.concatenate([mel.mean(1, keepdims=True), mel_cepstra(mel) / np.sqrt(2)], axis=1)


def _follow(path: NDArray[np.intp], places: Waves) -> Waves:
    """Say where a walk (N, 2) is in the second sequence when it passes places in the first.

    Where it stands still in the first, the middle of the way counts.
    """
    steps = np.arange(path[-1, 0] + 1)
    first, last = (np.searchsorted(path[:, 0], steps, side) for side in ("left", "right"))
    middle = (path[first, 1] + path[last - 1, 1]) / 2
    return np.interp(places, steps, middle)
