"""Durations by dynamic time warping between a synthesised utterance and its recording."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vits.audio.mel import MelSpectrogram
from vits.audio.resample import resample
from vits.config import AudioConfig
from vits.data.prepared.dataset import Utterance
from vits.errors import AlignmentError
from vits.evaluation.aligners.aligner import Aligner
from vits.evaluation.metrics import dtw, mel_cepstra

__all__ = ["dtw_durations", "round_ends"]

PASSES = 2  # the second synthesises with the durations of the first, so the path is straighter
MAX_LENGTH_RATIO = 8  # of speech and recording; a longer speech is not of this text
DYNAMIC_RANGE = 6.0  # nats below the loudest level, 52 dB; what is below is noise
LOUDEST = 0.99  # quantile of the log-mels that counts as the loudest level
ANALYSIS = AudioConfig(sample_rate=16000, n_fft=512, win_length=400, hop_length=80)
"""Finer in time than ``metrics.ANALYSIS``, because times are measured here."""

Waves = NDArray[np.floating]
Ends = NDArray[np.integer]


def dtw_durations(aligner: Aligner, utterance: Utterance) -> list[int]:
    """Return the duration of each symbol of a recording, in frames.

    The voice synthesises the text with predicted durations and without noise. Dynamic time warping
    of mel cepstra and energy maps the known ends of the symbols to the recording. A second pass
    starts from the durations of the first. On speech of the same voice at another speaking rate,
    the ends are found to a third of a frame. No posterior encoder is needed.

    Args:
        aligner: the voice; it may be compact.
        utterance: utterance with at least as many frames as symbols.

    Returns:
        Durations of at least 1; their sum is the number of frames of the recording.

    Raises:
        AlignmentError: the recording has fewer frames than symbols.
        VoiceError: the speech is more than eight times as long as the recording.
    """
    audio = aligner.model.config.audio
    recorded = utterance.wave.numpy()
    total, count = len(recorded) // audio.hop_length, len(utterance.ids)
    if total < count:
        raise AlignmentError(
            f"{utterance.id}: {total} frames must be at least its {count} symbols; check its text, "
            "or leave it out"
        )
    recorded_features = _features(recorded, audio.sample_rate)
    durations: list[int] | None = None
    for _ in range(PASSES):
        wave, spoken = _synthesise(aligner, utterance, durations, MAX_LENGTH_RATIO * total)
        spoken_features = _features(wave, audio.sample_rate)
        seconds = np.cumsum(spoken)[:-1] * audio.hop_length / audio.sample_rate
        times = _map_times(
            dtw(spoken_features, recorded_features),
            seconds * ANALYSIS.sample_rate / ANALYSIS.hop_length,
        )
        frames = times * ANALYSIS.hop_length / ANALYSIS.sample_rate
        ends = round_ends(frames * audio.sample_rate / audio.hop_length, total)
        durations = np.diff(ends, prepend=0, append=total).tolist()
    assert durations is not None
    return durations


def round_ends(ends: Waves, total: int) -> Ends:
    """Round the ends of all symbols but the last to frames, with at least one frame per symbol.

    Args:
        ends: (S - 1,) non-decreasing.
        total: frames of all symbols, at least S.

    >>> round_ends(np.array([0.2, 0.3, 6.8, 9.0]), 9).tolist()
    [1, 2, 7, 8]
    """
    least = np.arange(1, len(ends) + 1)
    rounded = np.maximum(np.round(ends).astype(int), least)
    rounded = np.maximum.accumulate(rounded - least) + least
    return np.minimum(rounded, total - least[::-1])


def _synthesise(
    aligner: Aligner, utterance: Utterance, durations: list[int] | None, max_frames: int
) -> tuple[Waves, Ends]:
    """Return the samples (L,) and the durations (S,) in frames."""
    device, count = aligner.device, len(utterance.ids)
    with torch.inference_mode():
        output = aligner.model.infer(
            utterance.ids[None].to(device),
            torch.tensor([count], device=device),
            aligner.speaker(utterance.speaker),
            torch.tensor([utterance.language], device=device),
            noise_scale=0.0,
            durations=None if durations is None else torch.tensor([durations], device=device),
            duration_noise=torch.zeros(1, 2, count, device=device),
            max_frames=max_frames,
        )
    return output.wave[0, 0].cpu().numpy(), output.durations[0].cpu().numpy()


def _features(wave: Waves, sample_rate: int) -> Waves:
    """Return mel cepstra and energy (T, C), scaled to their share of the log-mel distance."""
    samples = resample(torch.from_numpy(wave), sample_rate, ANALYSIS.sample_rate)
    with torch.inference_mode():
        log_mel: Tensor = MelSpectrogram(ANALYSIS)(samples[None, None])[0].T
    mel = log_mel.numpy()
    mel = np.maximum(mel, np.quantile(mel, LOUDEST) - DYNAMIC_RANGE)
    # sum_k mel_k^2 = M (c_0^2 + sum_d c_d^2 / 2)
    return np.concatenate([mel.mean(1, keepdims=True), mel_cepstra(mel) / np.sqrt(2)], axis=1)


def _map_times(path: NDArray[np.intp], times: Waves) -> Waves:
    """Map times of the first sequence to the second along a warping path (N, 2).

    Where several frames of the second match one of the first, the middle is used.
    """
    steps = np.arange(path[-1, 0] + 1)
    first, last = (np.searchsorted(path[:, 0], steps, side) for side in ("left", "right"))
    middle = (path[first, 1] + path[last - 1, 1]) / 2
    return np.interp(times, steps, middle)
