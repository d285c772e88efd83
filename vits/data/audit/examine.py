"""Examine a prepared corpus: measure every row, then name what is wrong."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vits.audio.mel import MelSpectrogram
from vits.data.audit import findings
from vits.data.audit.duplicates import envelope, same_audio
from vits.data.audit.findings import Measurements
from vits.data.audit.monophones import Monophones
from vits.data.audit.options import CheckConfig, Fault
from vits.data.audit.report import AuditReport, Coverage, quantiles
from vits.data.audit.signal_quality import SignalQuality, measure_signal
from vits.data.audit.text_mismatch import Scorer, TextScores, score_texts
from vits.data.audit.voiceprint import SoundClasses, compare_speakers, log_pitch, loud_cepstra
from vits.data.prepare.duration_outliers import Deviation, deviations, speech_units
from vits.data.prepared.dataset import PreparedDataset

__all__ = ["examine"]

_KIND_ROWS = 300  # for the kinds of sounds: some ten minutes
_RARE = 10  # times a symbol is said; with fewer a voice has hardly heard it

Progress = Callable[[str, int, int], None]


def examine(
    dataset: PreparedDataset,
    config: CheckConfig | None = None,
    scorer: Scorer | None = None,
    *,
    progress: Progress | None = None,
) -> AuditReport:
    """Check every row of a corpus and the corpus as a whole; nothing is written.

    Args:
        dataset: the corpus.
        config: the limits; None for the defaults.
        scorer: tells how well texts fit audio; None learns ``Monophones`` from the corpus, and so
            does, with a note, one that cannot tell right texts from wrong ones.
        progress: called with the name of the stage, the rows done and the rows of it.
    """
    config = config or CheckConfig()
    rows = [dataset.row(index) for index in range(len(dataset))]
    speakers = [row["speaker"] for row in rows]
    sounds = _listen(dataset, rows, speakers, config, progress)
    notes = list[str]()
    matches = _match(dataset, config, scorer, progress)
    if scorer is not None and matches is not None and matches.limit is None:
        notes.append(
            f"under the voice right texts are only {matches.median:.1f} deviations better than "
            "wrong ones: it is not trained enough, and texts were judged as without a voice"
        )
        matches = _match(dataset, config, None, progress)
    names = list(dataset.names)
    found = [
        *findings.signal_findings(names, sounds.signals, speakers, config),
        *findings.rate_findings(names, sounds.rates, config),
        *findings.speaker_findings(names, sounds.likeness, config),
        *findings.text_findings(names, matches, config),
    ]
    silent = {finding.row for finding in found if finding.fault is Fault.NO_SPEECH}
    found = [f for f in found if f.row not in silent or f.fault is Fault.NO_SPEECH]
    faulty = {finding.row for finding in found if finding.left_out}
    texts = [(row["speaker"], " ".join(row["text"].split()).casefold()) for row in rows]
    found += findings.same_audio_findings(names, sounds.copies, texts, faulty, config)
    found += findings.same_text_findings(names, texts, config)
    order = {fault: place for place, fault in enumerate(Fault)}
    return AuditReport(
        rows=len(dataset),
        findings=sorted(found, key=lambda f: (f.row, order[f.fault])),
        measured=_measured(sounds, matches),
        coverage=_coverage(dataset),
        notes=[*notes, *_notes(sounds, matches)],
    )


def _listen(
    dataset: PreparedDataset,
    rows: list[dict[str, Any]],
    speakers: list[str],
    config: CheckConfig,
    progress: Progress | None,
) -> Measurements:
    """Measure all waves, one after another, and compare the measurements."""
    mel, rate = MelSpectrogram(dataset.audio), dataset.audio.sample_rate
    kinds = _kinds(dataset, mel, config)
    signals, prints, lengths, courses = list[SignalQuality](), [], list[float](), []
    for index in range(len(dataset)):
        wave = dataset[index].wave
        signals.append(measure_signal(wave.numpy(), rate))
        sound = kinds.describe(loud_cepstra(mel(wave[None, None])[0].numpy()))
        prints.append(np.append(sound, log_pitch(wave.numpy(), rate)))
        seconds, course = envelope(wave.numpy(), rate)
        lengths.append(seconds)
        courses.append(course)
        if progress is not None:
            progress("sound", index + 1, len(dataset))
    units = [_phonemes(row["phonemes"]) for row in rows]
    speech = [max(signal.speech_seconds, 0.02) for signal in signals]
    return Measurements(
        signals=signals,
        likeness=compare_speakers(np.stack(prints), speakers),
        rates=_by_length(deviations(speech, units, speakers), units),
        copies=same_audio(
            lengths, np.stack(courses), lambda i: dataset[i].wave.numpy(), config.min_same_audio
        ),
    )


def _kinds(dataset: PreparedDataset, mel: MelSpectrogram, config: CheckConfig) -> SoundClasses:
    """Learn the kinds of sounds from some of the rows."""
    chosen = np.random.default_rng(config.seed).permutation(len(dataset))[:_KIND_ROWS]
    frames = [
        loud_cepstra(mel(dataset[index].wave[None, None])[0].numpy()) for index in chosen.tolist()
    ]
    return SoundClasses(np.concatenate(frames), config.seed)


def _match(
    dataset: PreparedDataset,
    config: CheckConfig,
    scorer: Scorer | None,
    progress: Progress | None,
) -> TextScores | None:
    """Compare texts with audio."""

    def report(done: int) -> None:
        if progress is not None:
            progress("text", done, len(dataset))

    scorer = scorer or Monophones(dataset, config.seed)
    return score_texts(
        dataset, scorer, n_distractors=config.distractors, seed=config.seed, progress=report
    )


def _phonemes(text: str) -> float:
    """Count what is said, without the pauses that punctuation stands for."""
    return speech_units("".join(c for c in text if not unicodedata.category(c).startswith("P")))


def _by_length(rates: list[Deviation | None], units: list[float]) -> list[Deviation | None]:
    """Forgive short texts their rates, which vary more: scores times sqrt(phonemes / median)."""
    weights = np.sqrt(np.minimum(1.0, np.asarray(units) / np.median(units)))
    return [
        None if rate is None else rate._replace(score=rate.score * float(weight))
        for rate, weight in zip(rates, weights, strict=True)
    ]


def _measured(
    sounds: Measurements, matches: TextScores | None
) -> dict[str, tuple[float, float, float]]:
    """Return 5th, 50th and 95th percentile of what was measured."""
    heard = [signal for signal in sounds.signals if signal.speech_seconds > 0]
    rates = [1 / rate.seconds for rate in sounds.rates if rate is not None]
    table = {
        "signal to noise (dB)": [signal.snr_db for signal in heard],
        "level of the speech (dBFS)": [signal.level_dbfs for signal in heard],
        "silence before (s)": [signal.lead_seconds for signal in heard],
        "silence after (s)": [signal.trail_seconds for signal in heard],
        "phonemes per second of speech": rates,
        "unlike the speaker (deviations)": [s.deviation for s in sounds.likeness if s is not None],
        "text over distractors (deviations)": [] if matches is None else matches.values.tolist(),
    }
    return {name: quantiles(values) for name, values in table.items() if values}


def _coverage(dataset: PreparedDataset) -> Coverage:
    """Count how often each symbol of the table is said."""
    counts = Counter[int]()
    for index in range(len(dataset)):
        counts.update(dataset.ids(index).tolist())
    named = list(enumerate(dataset.symbols))
    return Coverage(
        symbols=len(named),
        unused=[symbol for i, symbol in named if not counts[i]],
        rare={symbol: counts[i] for i, symbol in named if 0 < counts[i] < _RARE},
    )


def _notes(sounds: Measurements, matches: TextScores | None) -> Iterator[str]:
    """Say what could not be checked."""
    few = sum(like is None for like in sounds.likeness)
    if few:
        yield f"{few} rows have too few others of their speaker to compare their sound with"
    if matches is None:
        yield "too few different texts to compare a row's own with: no text was checked"
    elif matches.limit is None:
        yield (
            f"right texts are only {matches.median:.1f} deviations better than wrong ones: no text "
            "was checked; use more rows, or a voice that was trained on them"
        )
