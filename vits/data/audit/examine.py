"""Examination of a prepared corpus: measure every row, then report the faults."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from vits.audio.mel import MelSpectrogram
from vits.data.audit import findings
from vits.data.audit.duplicates import envelope, same_audio
from vits.data.audit.findings import Measurements
from vits.data.audit.monophones import Monophones
from vits.data.audit.options import CheckConfig, Fault
from vits.data.audit.report import AuditReport, Coverage, quantiles
from vits.data.audit.signal_quality import SignalQuality, measure_signal
from vits.data.audit.text_mismatch import Scorer, TextMargins, text_margins
from vits.data.audit.voiceprint import SoundClasses, compare_speakers, log_pitch, loud_cepstra
from vits.data.prepare.duration_outliers import Deviation, deviations, speech_units
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.stored_pitch import check_pitch_digest, pitch_contour

__all__ = ["examine"]

_CLUSTER_ROWS = 300  # rows for the sound classes: about ten minutes of speech
_RARE = 10  # a symbol with fewer occurrences is hardly learned

Progress = Callable[[str, int, int], None]


def examine(
    dataset: PreparedDataset,
    config: CheckConfig | None = None,
    scorer: Scorer | None = None,
    *,
    progress: Progress | None = None,
) -> AuditReport:
    """Check every row of a corpus, and the corpus as a whole; writes nothing.

    Args:
        dataset: the corpus.
        config: the limits; None: the defaults.
        scorer: acoustic model that scores texts against audio; None: train ``Monophones`` on the
            corpus. A scorer that cannot separate right from wrong texts is replaced by
            ``Monophones``, with a note.
        progress: called with the name of the stage, the finished rows and all rows.

    Raises:
        DataError: the pitch was changed since it was measured.
    """
    config = config or CheckConfig()
    check_pitch_digest(dataset.folder, dataset.info)
    rows = [dataset.row(index) for index in range(len(dataset))]
    speakers = [row["speaker"] for row in rows]
    measured = _measure(dataset, rows, speakers, config, progress)
    notes = list[str]()
    margins = _compare_texts(dataset, config, scorer, progress)
    if scorer is not None and margins is not None and margins.limit is None:
        notes.append(
            f"with the voice, correct texts score only {margins.median:.1f} deviations better than "
            "wrong ones: it needs more training, so texts were checked as without a voice"
        )
        margins = _compare_texts(dataset, config, None, progress)
    names = list(dataset.names)
    results = [
        *findings.signal_findings(names, measured.signals, speakers, config),
        *findings.rate_findings(names, measured.rates, config),
        *findings.speaker_findings(names, measured.similarities, config),
        *findings.text_findings(names, margins, config),
    ]
    silent = {finding.row for finding in results if finding.fault is Fault.NO_SPEECH}
    results = [f for f in results if f.row not in silent or f.fault is Fault.NO_SPEECH]
    faulty = {finding.row for finding in results if finding.left_out}
    texts = [(row["speaker"], " ".join(row["text"].split()).casefold()) for row in rows]
    results += findings.same_audio_findings(names, measured.copies, texts, faulty, config)
    results += findings.same_text_findings(names, texts, config)
    order = {fault: position for position, fault in enumerate(Fault)}
    return AuditReport(
        rows=len(dataset),
        findings=sorted(results, key=lambda f: (f.row, order[f.fault])),
        measured={**_summary(measured, margins), **_pitch(dataset)},
        coverage=_coverage(dataset),
        notes=[*notes, *_notes(measured, margins)],
    )


def _measure(
    dataset: PreparedDataset,
    rows: list[dict[str, Any]],
    speakers: list[str],
    config: CheckConfig,
    progress: Progress | None,
) -> Measurements:
    """Measure all waves and compare the measurements."""
    mel, rate = MelSpectrogram(dataset.audio), dataset.audio.sample_rate
    classes = _sound_classes(dataset, mel, config)
    signals, prints, lengths, envelopes = list[SignalQuality](), [], list[float](), []
    for index in range(len(dataset)):
        wave = dataset[index].wave
        signals.append(measure_signal(wave.numpy(), rate))
        sound = classes.describe(loud_cepstra(mel(wave[None, None])[0].numpy()))
        prints.append(np.append(sound, log_pitch(wave.numpy(), rate)))
        seconds, contour = envelope(wave.numpy(), rate)
        lengths.append(seconds)
        envelopes.append(contour)
        if progress is not None:
            progress("sound", index + 1, len(dataset))
    units = [_phonemes(row["phonemes"]) for row in rows]
    speech = [max(signal.speech_seconds, 0.02) for signal in signals]
    return Measurements(
        signals=signals,
        similarities=compare_speakers(np.stack(prints), speakers),
        rates=_weight_by_length(deviations(speech, units, speakers), units),
        copies=same_audio(
            lengths, np.stack(envelopes), lambda i: dataset[i].wave.numpy(), config.min_same_audio
        ),
    )


def _sound_classes(
    dataset: PreparedDataset, mel: MelSpectrogram, config: CheckConfig
) -> SoundClasses:
    """Cluster the sounds of a random subset of the rows."""
    chosen = np.random.default_rng(config.seed).permutation(len(dataset))[:_CLUSTER_ROWS]
    frames = [
        loud_cepstra(mel(dataset[index].wave[None, None])[0].numpy()) for index in chosen.tolist()
    ]
    return SoundClasses(np.concatenate(frames), config.seed)


def _compare_texts(
    dataset: PreparedDataset,
    config: CheckConfig,
    scorer: Scorer | None,
    progress: Progress | None,
) -> TextMargins | None:
    """Compare the texts with the audio."""

    def report(done: int) -> None:
        if progress is not None:
            progress("text", done, len(dataset))

    scorer = scorer or Monophones(dataset, config.seed)
    return text_margins(
        dataset, scorer, n_contrast=config.contrast_texts, seed=config.seed, progress=report
    )


def _phonemes(text: str) -> float:
    """Return the expected duration in phonemes, without the pauses of punctuation."""
    return speech_units("".join(c for c in text if not unicodedata.category(c).startswith("P")))


def _weight_by_length(rates: list[Deviation | None], units: list[float]) -> list[Deviation | None]:
    """Lower the scores of short texts, whose rates vary more, by sqrt(phonemes / median)."""
    weights = np.sqrt(np.minimum(1.0, np.asarray(units) / np.median(units)))
    return [
        None if rate is None else rate._replace(score=rate.score * float(weight))
        for rate, weight in zip(rates, weights, strict=True)
    ]


def _summary(
    measured: Measurements, margins: TextMargins | None
) -> dict[str, tuple[float, float, float]]:
    """Return the 5th, 50th and 95th percentile of every measurement."""
    signals = [signal for signal in measured.signals if signal.speech_seconds > 0]
    rates = [1 / rate.seconds for rate in measured.rates if rate is not None]
    distances = [like.deviation for like in measured.similarities if like is not None]
    table = {
        "signal to noise (dB)": [signal.snr_db for signal in signals],
        "speech level (dBFS)": [signal.level_dbfs for signal in signals],
        "silence before (s)": [signal.lead_seconds for signal in signals],
        "silence after (s)": [signal.trail_seconds for signal in signals],
        "phonemes per second of speech": rates,
        "distance from speaker (deviations)": distances,
        "text margin (deviations)": [] if margins is None else margins.values.tolist(),
    }
    return {name: quantiles(values) for name, values in table.items() if values}


def _pitch(dataset: PreparedDataset) -> dict[str, tuple[float, float, float]]:
    """Return the percentiles of F0 and of the share of frames with voice, if they were measured."""
    if not dataset.pitched:
        return {}
    contours = [pitch_contour(dataset.stored_pitch(index)) for index in range(len(dataset))]
    frames = torch.cat(contours, dim=1)
    f0 = frames[0, frames[1] > 0].exp().tolist()
    shares = [contour[1].mean().item() for contour in contours]
    return {"F0 (Hz)": quantiles(f0 or [0.0]), "share of frames with voice": quantiles(shares)}


def _coverage(dataset: PreparedDataset) -> Coverage:
    """Count the occurrences of each symbol of the table."""
    counts = Counter[int]()
    for index in range(len(dataset)):
        counts.update(dataset.ids(index).tolist())
    named = list(enumerate(dataset.symbols))
    return Coverage(
        symbols=len(named),
        unused=[symbol for i, symbol in named if not counts[i]],
        rare={symbol: counts[i] for i, symbol in named if 0 < counts[i] < _RARE},
    )


def _notes(measured: Measurements, margins: TextMargins | None) -> Iterator[str]:
    """Yield notes about checks that were not possible."""
    few = sum(like is None for like in measured.similarities)
    if few:
        yield f"the speaker of {few} rows was not checked: too few rows per speaker"
    if margins is None:
        yield "the texts were not checked: too few different texts"
    elif margins.limit is None:
        yield (
            f"the texts were not checked: correct texts score only {margins.median:.1f} deviations "
            "better than wrong ones; use more rows, or a voice trained on them"
        )
