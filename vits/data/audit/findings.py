"""From measurements to findings: one function for each kind of fault."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vits.data.audit.options import CheckConfig, Fault
from vits.data.audit.signal_quality import SignalQuality
from vits.data.audit.text_mismatch import TextScores
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
        row: its place in the corpus.
        id: its name.
        fault: what is wrong.
        value: what was measured; the unit is in ``reason``.
        limit: the value from which on it is a fault.
        reason: one sentence for people.
        left_out: whether it costs the row its place in the cleaned corpus.
    """

    row: int
    id: str
    fault: Fault
    value: float
    limit: float
    reason: str
    left_out: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of a report."""
        return {
            "id": self.id,
            "fault": self.fault.value,
            "value": round(self.value, 4),
            "limit": round(self.limit, 4),
            "reason": self.reason,
            "left_out": self.left_out,
        }


class Measurements(NamedTuple):
    """What was measured of the waves, row by row.

    Attributes:
        signals: noise, clipping, silence, level, length of speech.
        likeness: to the row's speaker; None where there are too few rows of him.
        rates: of the speech; None where there are too few rows.
        copies: pairs of rows that are one recording, and their correlation.
    """

    signals: list[SignalQuality]
    likeness: list[SpeakerSimilarity | None]
    rates: list[Deviation | None]
    copies: list[tuple[int, int, float]]


def _finding(
    row: int, name: str, fault: Fault, config: CheckConfig, measured: tuple[float, float], why: str
) -> Finding:
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
    """Find rows that are noisy, clipped, silent at an end, or of another level than the rest."""
    heard: dict[str, list[float]] = defaultdict(list)
    for signal, speaker in zip(signals, speakers, strict=True):
        if signal.speech_seconds > 0:
            heard[speaker].append(signal.level_dbfs)
    medians = {speaker: float(np.median(levels)) for speaker, levels in heard.items()}
    for row, (name, signal) in enumerate(zip(names, signals, strict=True)):
        if signal.speech_seconds == 0:
            why = "every sample is 0: there is no speech"
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
        where = max(ends, key=lambda end: ends[end])
        most = config.max_silence_seconds
        if ends[where] > most:
            why = f"{ends[where]:.2f} s of silence {where} the speech, at most {most:g} s"
            yield _finding(row, name, Fault.SILENCE, config, (ends[where], most), why)
        away = signal.level_dbfs - medians[speakers[row]]
        most = config.max_loudness_db
        if abs(away) > most:
            why = f"{abs(away):.1f} dB {'louder' if away > 0 else 'quieter'} than the median of "
            why += f"{medians[speakers[row]]:.1f} dBFS, at most {most:g} dB"
            yield _finding(row, name, Fault.LOUDNESS, config, (away, most), why)


def rate_findings(
    names: Sequence[str], rates: Sequence[Deviation | None], config: CheckConfig
) -> Iterator[Finding]:
    """Find rows that have far more or fewer phonemes in a second of speech than the rest."""
    for row, (name, rate) in enumerate(zip(names, rates, strict=True)):
        if rate is not None and rate.score > config.max_rate_deviation:
            why = f"{1 / rate.seconds:.1f} phonemes in a second of speech, the median is "
            why += f"{1 / rate.median:.1f}: {rate.score:.1f} deviations, at most "
            why += f"{config.max_rate_deviation:g}"
            measured = (rate.score, config.max_rate_deviation)
            yield _finding(row, name, Fault.RATE, config, measured, why)


def speaker_findings(
    names: Sequence[str], likeness: Sequence[SpeakerSimilarity | None], config: CheckConfig
) -> Iterator[Finding]:
    """Find rows that do not sound like their speaker."""
    most = config.max_speaker_deviation
    for row, (name, like) in enumerate(zip(names, likeness, strict=True)):
        if like is None or (like.deviation <= most and like.nearer is None):
            continue
        why = f"sounds {like.deviation:.1f} deviations unlike the speaker, at most {most:g}"
        why += f", and like {like.nearer}" if like.nearer else ""
        yield _finding(row, name, Fault.WRONG_SPEAKER, config, (like.deviation, most), why)


def text_findings(
    names: Sequence[str], matches: TextScores | None, config: CheckConfig
) -> Iterator[Finding]:
    """Find rows whose own text fits no better than those of other rows."""
    if matches is None or matches.limit is None:
        return
    for row, (name, value) in enumerate(zip(names, matches.values.tolist(), strict=True)):
        if not value < matches.limit:
            continue
        why = f"the text fits the audio {value:.1f} deviations better than texts of other rows, "
        why += f"at least {matches.limit:.1f}; right ones have {matches.median:.1f}"
        if row in matches.better:
            why += f"; the text of {names[matches.better[row]]} fits"
        yield _finding(row, name, Fault.TEXT_MISMATCH, config, (value, matches.limit), why)


def same_audio_findings(
    names: Sequence[str],
    copies: Sequence[tuple[int, int, float]],
    texts: Sequence[tuple[str, ...]],
    faulty: set[int],
    config: CheckConfig,
) -> Iterator[Finding]:
    """Find recordings that are there twice; of each the first row without a fault stays.

    Args:
        names: of the rows.
        copies: pairs that are one recording.
        texts: speaker and text of each row.
        faulty: rows that are left out for another fault.
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
        why += f"less than {config.min_same_audio:g} for different ones"
        why += "" if texts[row] == texts[kept] else "; its speaker or text is another"
        measured = (value[row], config.min_same_audio)
        yield _finding(row, names[row], Fault.SAME_AUDIO, config, measured, why)


def same_text_findings(
    names: Sequence[str], texts: Sequence[tuple[str, ...]], config: CheckConfig
) -> Iterator[Finding]:
    """Find texts that a speaker says several times; the first row of each is not named.

    Args:
        names: of the rows.
        texts: speaker and text of each row.
        config: the limits.
    """
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        rows[text].append(row)
    for same in rows.values():
        for row in same[1:]:
            why = f"the same text as {names[same[0]]}, said {len(same)} times"
            yield _finding(row, names[row], Fault.SAME_TEXT, config, (len(same), 1), why)
