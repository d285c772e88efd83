"""Checks of single recordings, and the reasons for rejecting a row."""

import itertools
import math
from enum import Enum
from pathlib import Path

import numpy as np

from vits.audio import files, loudness
from vits.data.prepare.options import RecordingLimits
from vits.errors import AudioError, one_line

__all__ = [
    "Reason",
    "RejectedError",
    "check_file",
    "check_length",
    "check_level",
    "check_samples",
]


_LOOK, _SHOWN = 100, 3  # files of a folder that are looked at and named
_CONSTANT = 2**-14  # two steps of 16 bits: what rounding adds to a constant


class Reason(str, Enum):
    """Why a row is rejected; the value appears in reports and in ``rejected.jsonl``."""

    MISSING = "missing"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    NOT_FINITE = "not finite"
    WRONG_RATE = "wrong rate"
    CLIPPED = "clipped"
    SILENT = "silent"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NO_TEXT = "no text"
    WRONG_LANGUAGE = "wrong language"
    UNKNOWN_SYMBOLS = "unknown symbols"
    TOO_MANY_SYMBOLS = "more symbols than frames"
    DUPLICATE_ID = "duplicate id"
    ODD_DURATION = "odd duration"


class RejectedError(Exception):
    """A row failed a check and is rejected.

    Attributes:
        reason: the check that failed.
        detail: the value and the rule that it violates.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


def check_file(path: Path, sample_rate: int, limits: RecordingLimits) -> None:
    """Check a file and its header without reading the samples.

    Args:
        path: the recording.
        sample_rate: target sample rate (Hz).
        limits: limits of the checks.

    Raises:
        RejectedError: missing, empty, truncated or unreadable file, or too low a sample rate.
    """
    try:
        if not path.exists():
            raise RejectedError(Reason.MISSING, f"no such file; {_nearby(path)}")
        if path.is_file() and path.stat().st_size == 0:
            raise RejectedError(Reason.EMPTY, "the file has 0 bytes")
        shortfall = files.riff_shortfall(path)
        if shortfall:
            raise RejectedError(
                Reason.TRUNCATED, f"{shortfall} bytes fewer than the RIFF header declares"
            )
        fault = files.riff_contradiction(path)
        if fault:
            raise RejectedError(Reason.UNREADABLE, fault)
        rate = files.sample_rate(path)
    except (AudioError, OSError) as error:
        raise RejectedError(Reason.UNREADABLE, one_line(error)) from error
    if rate < sample_rate and not limits.allow_upsampling:
        raise RejectedError(
            Reason.WRONG_RATE,
            f"{rate} Hz, must be at least {sample_rate} Hz; train at the recordings' own rate "
            f"with --sample-rate {rate}, or use --allow-upsampling",
        )


def check_samples(samples: np.ndarray, limits: RecordingLimits) -> None:
    """Check the samples of a file.

    Args:
        samples: (L, channels) float32.
        limits: limits of the checks.

    Raises:
        RejectedError: no samples, samples that are not finite, or too many clipped samples.
    """
    if samples.size == 0:
        raise RejectedError(Reason.EMPTY, "the file has 0 samples")
    bad = int(np.count_nonzero(~np.isfinite(samples)))
    if bad:
        raise RejectedError(Reason.NOT_FINITE, f"{bad} of {samples.size} samples are NaN or inf")
    clipped = max(loudness.measure(channel).clipped for channel in samples.T)
    if clipped > limits.max_clipped:
        raise RejectedError(
            Reason.CLIPPED,
            f"{clipped:.2%} of the samples at full scale, at most {limits.max_clipped:.2%}",
        )


def check_level(wave: np.ndarray, limits: RecordingLimits) -> None:
    """Check that a mono wave (L,) is loud enough to contain speech.

    Raises:
        RejectedError: the wave is silent or constant.
    """
    level = loudness.rms_dbfs(wave)
    if level >= limits.silence_dbfs and np.ptp(wave) < _CONSTANT:
        raise RejectedError(Reason.SILENT, f"a constant {wave[0]:.3f} without any sound")
    if level < limits.silence_dbfs:
        shown = "digital silence" if level == -math.inf else f"{level:.1f} dBFS"
        raise RejectedError(Reason.SILENT, f"{shown}, at least {limits.silence_dbfs:g} dBFS")


def check_length(samples: int, sample_rate: int, hop_length: int, limits: RecordingLimits) -> None:
    """Check the length of a wave after resampling and trimming.

    Args:
        samples: length of the wave (samples).
        sample_rate: sample rate of the wave (Hz).
        hop_length: samples per frame.
        limits: limits of the checks.

    Raises:
        RejectedError: shorter than a training segment or than ``min_seconds``, or longer than
            ``max_seconds``.
    """
    seconds = samples / sample_rate
    if samples // hop_length < limits.segment_frames:
        raise RejectedError(
            Reason.TOO_SHORT,
            f"{samples // hop_length} frames ({seconds:.2f} s), a training segment has "
            f"{limits.segment_frames}",
        )
    if seconds < limits.min_seconds:
        raise RejectedError(Reason.TOO_SHORT, f"{seconds:.2f} s, at least {limits.min_seconds:g} s")
    if seconds > limits.max_seconds:
        raise RejectedError(Reason.TOO_LONG, f"{seconds:.2f} s, at most {limits.max_seconds:g} s")


def _nearby(path: Path) -> str:
    """List what the nearest existing folder of a missing file contains."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    names = sorted(
        f"{entry.name}{'/' * entry.is_dir()}" for entry in itertools.islice(folder.iterdir(), _LOOK)
    )
    more = ", …" if len(names) > _SHOWN else ""
    return f"{folder} has {', '.join(names[:_SHOWN]) or 'no files'}{more}"
