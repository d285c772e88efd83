"""Findings from measurements: one function per group of faults."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vits.data.audit.options import CheckConfig, Fault
from vits.data.audit.signal_quality import SignalQuality
from vits.data.audit.text_mismatch import TextMargins
from vits.data.audit.voiceprint import SpeakerSimilarity
from vits.data.prepare.duration_outliers import Deviation

__all__ = [
    "Finding",
    "Measurements",
    "rate_findings",
    "same_audio_findings",
    "same_text_findings",
    "signal_findings",
    "speaker_findings",
    "text_findings",
]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault of one row.

    Attributes:
        row: index of the row in the corpus.
        id: name of the row.
        fault: kind of fault.
        value: measured value; ``reason`` gives the unit.
        limit: limit that the value exceeds.
        reason: explanation in one sentence.
        left_out: whether the fault excludes the row from the clean copy.
    """

    row: int
    id: str
    fault: Fault
    value: float
    limit: float
    reason: str
    left_out: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as a JSON object of ``check.json``."""
        return {
            "id": self.id,
            "fault": self.fault.value,
            "value": round(self.value, 4),
            "limit": round(self.limit, 4),
            "reason": self.reason,
            "left_out": self.left_out,
        }


class Measurements(NamedTuple):
    """Measurements of the waves, row by row.

    Attributes:
        signals: noise, clipping, silence, level and speech duration of each row.
        similarities: similarity of each row to its speaker; None for too few rows of the speaker.
        rates: speaking rate of each row; None if there are too few rows.
        copies: pairs of rows with the same recording, and their correlation.
    """

    signals: list[SignalQuality]
    similarities: list[SpeakerSimilarity | None]
    rates: list[Deviation | None]
    copies: list[tuple[int, int, float]]


def _finding(
    row: int, name: str, fault: Fault, config: CheckConfig, measured: tuple[float, float], why: str
) -> Finding:
    """Build a finding; ``measured`` is ``(value, limit)``."""
    value, limit = (float(number) for number in measured)
    dropped = fault in config.leave_out
    return Finding(
        row=row, id=name, fault=fault, value=value, limit=limit, reason=why, left_out=dropped
    )


def signal_findings(
    names: Sequence[str],
    signals: Sequence[SignalQuality],
    speakers: Sequence[str],
    config: CheckConfig,
) -> Iterator[Finding]:
    """Find rows with noise, clipping, long silence, a deviating level, or no speech at all."""
    by_speaker: dict[str, list[float]] = defaultdict(list)
    for signal, speaker in zip(signals, speakers, strict=True):
        if signal.speech_seconds > 0:
            by_speaker[speaker].append(signal.level_dbfs)
    medians = {speaker: float(np.median(levels)) for speaker, levels in by_speaker.items()}
    for row, (name, signal) in enumerate(zip(names, signals, strict=True)):
        if signal.speech_seconds == 0:
            why = "every sample is 0, so there is no speech"
            yield _finding(row, name, Fault.NO_SPEECH, config, (0.0, 0.0), why)
            continue
        least = config.min_snr_db
        if signal.snr_db < least:
            why = f"{signal.snr_db:.1f} dB signal to noise, at least {least:g} dB"
            yield _finding(row, name, Fault.NOISE, config, (signal.snr_db, least), why)
        most = config.max_clipped
        if signal.clipped > most:
            why = (
                f"{signal.clipped:.2%} of the samples in flat runs at the peak, at most {most:.2%}"
            )
            yield _finding(row, name, Fault.CLIPPING, config, (signal.clipped, most), why)
        ends = {"before": signal.lead_seconds, "after": signal.trail_seconds}
        longest = max(ends, key=lambda end: ends[end])
        most = config.max_silence_seconds
        if ends[longest] > most:
            why = f"{ends[longest]:.2f} s of silence {longest} the speech, at most {most:g} s"
            yield _finding(row, name, Fault.SILENCE, config, (ends[longest], most), why)
        offset = signal.level_dbfs - medians[speakers[row]]
        most = config.max_loudness_db
        if abs(offset) > most:
            why = f"{abs(offset):.1f} dB {'louder' if offset > 0 else 'quieter'} than the median "
            why += f"of {medians[speakers[row]]:.1f} dBFS, at most {most:g} dB"
            yield _finding(row, name, Fault.LOUDNESS, config, (offset, most), why)


def rate_findings(
    names: Sequence[str], rates: Sequence[Deviation | None], config: CheckConfig
) -> Iterator[Finding]:
    """Find rows with an unusual speaking rate, in phonemes per second of speech."""
    for row, (name, rate) in enumerate(zip(names, rates, strict=True)):
        if rate is not None and rate.score > config.max_rate_deviation:
            why = f"{1 / rate.seconds:.1f} phonemes per second of speech, the median is "
            why += f"{1 / rate.median:.1f}: {rate.score:.1f} deviations, at most "
            why += f"{config.max_rate_deviation:g}"
            measured = (rate.score, config.max_rate_deviation)
            yield _finding(row, name, Fault.RATE, config, measured, why)


def speaker_findings(
    names: Sequence[str], similarities: Sequence[SpeakerSimilarity | None], config: CheckConfig
) -> Iterator[Finding]:
    """Find rows that do not sound like their speaker."""
    most = config.max_speaker_deviation
    for row, (name, like) in enumerate(zip(names, similarities, strict=True)):
        if like is None or (like.deviation <= most and like.nearer is None):
            continue
        why = f"{like.deviation:.1f} deviations from the speaker's sound, at most {most:g}"
        why += f"; more similar to {like.nearer}" if like.nearer else ""
        yield _finding(row, name, Fault.WRONG_SPEAKER, config, (like.deviation, most), why)


def text_findings(
    names: Sequence[str], margins: TextMargins | None, config: CheckConfig
) -> Iterator[Finding]:
    """Find rows whose own text does not fit clearly better than texts of other rows."""
    if margins is None or margins.limit is None:
        return
    for row, (name, value) in enumerate(zip(names, margins.values.tolist(), strict=True)):
        if not value < margins.limit:
            continue
        why = f"the text fits the audio {value:.1f} deviations better than texts of other rows, "
        why += f"at least {margins.limit:.1f}; correct texts have {margins.median:.1f}"
        if row in margins.better:
            why += f"; the text of {names[margins.better[row]]} fits"
        yield _finding(row, name, Fault.TEXT_MISMATCH, config, (value, margins.limit), why)


def same_audio_findings(
    names: Sequence[str],
    copies: Sequence[tuple[int, int, float]],
    texts: Sequence[tuple[str, ...]],
    faulty: set[int],
    config: CheckConfig,
) -> Iterator[Finding]:
    """Find duplicate recordings; the first row of each group without another fault is kept.

    Args:
        names: names of the rows.
        copies: pairs of rows with the same recording, and their correlation.
        texts: speaker and text of each row.
        faulty: rows that are excluded because of another fault.
        config: the limits.
    """
    group = {row: {row} for pair in copies for row in pair[:2]}
    value: dict[int, float] = defaultdict(float)
    for one, other, correlation in copies:
        union = group[one] | group[other]
        group.update(dict.fromkeys(union, union))
        for row in (one, other):
            value[row] = max(value[row], correlation)
    for row in sorted(group):
        kept = min(group[row] - faulty, default=min(group[row]))
        if row == kept:
            continue
        why = f"the same recording as {names[kept]}: correlation {value[row]:.2f}, "
        why += f"different recordings are below {config.min_same_audio:g}"
        why += "" if texts[row] == texts[kept] else "; its speaker or text differs"
        measured = (value[row], config.min_same_audio)
        yield _finding(row, names[row], Fault.SAME_AUDIO, config, measured, why)


def same_text_findings(
    names: Sequence[str], texts: Sequence[tuple[str, ...]], config: CheckConfig
) -> Iterator[Finding]:
    """Find texts that a speaker reads more than once; the first row of each is not reported.

    Args:
        names: names of the rows.
        texts: speaker and text of each row.
        config: the limits.
    """
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        rows[text].append(row)
    for same in rows.values():
        for row in same[1:]:
            why = f"the same text as {names[same[0]]}, read {len(same)} times"
            yield _finding(row, names[row], Fault.SAME_TEXT, config, (len(same), 1), why)
