"""Accuracy of `vits check`: plant faults in a prepared corpus and count those it finds.

    python benchmarks/audit.py data/ada --other-speaker data/bob --voice voices/ada

Rows are chosen at random: `swapped` rows exchange their texts in pairs; in `shifted` runs of rows
the texts are displaced by one row; `other speaker` rows get the recording of another speaker;
`copied` rows appear a second time under another id, some 6 dB quieter, some with silence around
them, some with the text of another row. A text is never replaced by an identical one. Recall is the
fraction of planted rows that are excluded for any fault, and `named` the fraction with the correct
fault; false alarms are the fraction of clean rows that are excluded. A copy counts as found if its
original is excluded instead.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from vits.data.audit.examine import examine
from vits.data.audit.options import Fault
from vits.data.audit.report import AuditReport
from vits.data.audit.text_mismatch import Scorer
from vits.data.prepared.dataset import PreparedDataset
from vits.data.prepared.index import PCM16

KINDS = {
    "swapped": Fault.TEXT_MISMATCH,
    "shifted": Fault.TEXT_MISMATCH,
    "other speaker": Fault.WRONG_SPEAKER,
    "copied": Fault.SAME_AUDIO,
}
RUN = 8  # rows of a shifted run


class PlantedCorpus:
    """Rows of a prepared folder in memory, for planting faults."""

    def __init__(self, folder: Path, limit: int | None, seed: int) -> None:
        data = PreparedDataset(folder)
        self.info = data.info
        self.rng = np.random.default_rng(seed)
        count = min(limit or len(data), len(data))
        chosen = np.sort(self.rng.permutation(len(data))[:count]).tolist()
        self.rows: list[dict[str, Any]] = [data.row(index) for index in chosen]
        self.waves: list[np.ndarray] = [
            np.round(data[index].wave.numpy() * 32768) for index in chosen
        ]
        self.planted: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self.touched: set[int] = set()

    def draw(self, count: int) -> list[int]:
        """Draw rows without a fault."""
        free = [i for i in self.rng.permutation(len(self.rows)).tolist() if i not in self.touched]
        self.touched.update(free[:count])
        return free[:count]

    def move_texts(self, targets: list[int], sources: list[int], kind: str) -> None:
        """Give target rows the texts of source rows; only a different text is a fault."""
        texts = [{k: self.rows[i][k] for k in ("text", "phonemes", "ids")} for i in sources]
        for row, text in zip(targets, texts, strict=True):
            if text["ids"] != self.rows[row]["ids"]:
                self.planted[kind].add(self.rows[row]["id"])
            self.rows[row] = {**self.rows[row], **text}

    def swap(self, count: int) -> None:
        """Exchange the texts of pairs of rows."""
        rows = self.draw(count // 2 * 2)
        for one, other in zip(rows[::2], rows[1::2], strict=True):
            self.move_texts([one, other], [other, one], "swapped")

    def shift(self, count: int) -> None:
        """Displace the texts of runs of rows by one row."""
        while len(self.planted["shifted"]) < count:
            start = int(self.rng.integers(0, len(self.rows) - RUN))
            run = list(range(start, start + RUN))
            if not self.touched & set(run):
                self.touched.update(run)
                self.move_texts(run, [*run[1:], run[0]], "shifted")

    def replace_speakers(self, folder: Path, count: int) -> None:
        """Replace recordings by those of another speaker of similar length."""
        others = PreparedDataset(folder)
        if others.audio.sample_rate != self.info["audio"]["sample_rate"]:
            sys.exit("the other speaker must be prepared with the sample rate of the corpus")
        free = list(range(len(others)))
        for row in self.draw(min(count, len(free))):
            best = min(free, key=lambda i: abs(int(others.samples[i]) - len(self.waves[row])))
            free.remove(best)
            wave = np.round(others[best].wave.numpy() * 32768)
            least = len(self.rows[row]["ids"]) * others.audio.hop_length
            self.waves[row] = np.pad(wave, (0, max(0, least - len(wave))))
            self.planted["other speaker"].add(self.rows[row]["id"])

    def copy(self, count: int) -> None:
        """Append copies of recordings."""
        rows = self.draw(count)
        others = self.draw(count)
        for number, row in enumerate(rows):
            wave = self.waves[row]
            if number % 3 == 1:
                wave = np.round(wave / 2)
            if number % 3 == 2:
                wave = np.pad(wave, self.rng.integers(500, 4000, 2).tolist())
            text = self.rows[others[number]] if number % 4 == 3 else self.rows[row]
            name = f"copy {number} of {self.rows[row]['id']}"
            words = {k: text[k] for k in ("text", "phonemes", "ids")}
            self.rows.append({**self.rows[row], **words, "id": name})
            self.waves.append(wave)
            self.planted["copied"].add(name)

    def write(self, folder: Path) -> PreparedDataset:
        """Write the corpus with faults as a prepared folder."""
        offset = 0
        with (folder / "manifest.jsonl").open("w", encoding="utf-8") as lines:
            for row, wave in zip(self.rows, self.waves, strict=True):
                location = {"samples": len(wave), "offset": offset}
                lines.write(json.dumps({**row, **location}, ensure_ascii=False) + "\n")
                offset += len(wave)
        (folder / "audio.i16").write_bytes(np.concatenate(self.waves).astype(PCM16).tobytes())
        info = {**self.info, "utterances": len(self.rows), "samples": offset}
        (folder / "dataset.json").write_text(json.dumps(info), encoding="utf-8")
        return PreparedDataset(folder)


def plant(args: argparse.Namespace, folder: Path) -> tuple[PreparedDataset, dict[str, set[str]]]:
    """Plant faults in a corpus and write it; return it and the ids of each kind of fault."""
    corpus = PlantedCorpus(args.corpus, args.rows, args.seed)
    count = max(4, round(args.share * len(corpus.rows)))
    corpus.shift(count)
    corpus.swap(count)
    if args.other_speaker is not None:
        corpus.replace_speakers(args.other_speaker, count)
    corpus.copy(count)
    return corpus.write(folder), corpus.planted


def score(report: AuditReport, names: list[str], planted: dict[str, set[str]]) -> dict[str, Any]:
    """Compare the excluded rows with the planted faults."""
    excluded = {names[row]: {f.fault for f in found} for row, found in report.left_out.items()}
    found_copies = {
        name
        for name in planted["copied"]
        if name in excluded or name.partition(" of ")[2] in excluded
    }
    bad = set().union(*planted.values())
    originals = {name.partition(" of ")[2] for name in planted["copied"] if name not in excluded}
    clean = [name for name in names if name not in bad]
    alarms = [name for name in clean if name in excluded and name not in originals]
    result: dict[str, Any] = {"rows": len(names), "clean": len(clean), "alarms": len(alarms)}
    for kind, fault in KINDS.items():
        ids = planted[kind]
        if not ids:
            continue
        found = found_copies if kind == "copied" else ids & excluded.keys()
        named = {n for n in found if fault in excluded.get(n, {fault})}
        reported = {n for n, faults in excluded.items() if fault in faults}
        result[kind] = {
            "planted": len(ids),
            "recall": len(found) / len(ids),
            "named": len(named) / len(ids),
            "precision": len(reported & (bad | originals)) / max(1, len(reported)),
        }
    return result


def show(label: str, result: dict[str, Any]) -> None:
    """Print the results of one examination."""
    print(
        f"\n{label}: {result['rows']} rows, {result['alarms']} of {result['clean']} clean ones ",
        end="",
    )
    print(f"excluded ({result['alarms'] / result['clean']:.1%})")
    print(f"{'kind':14s}{'planted':>8s}{'recall':>8s}{'named':>8s}{'precision':>10s}")
    for kind in KINDS:
        if kind in result:
            line = "{planted:8d}{recall:8.3f}{named:8.3f}{precision:10.3f}"
            print(f"{kind:14s}" + line.format(**result[kind]))


def main() -> None:
    """Plant faults, examine the corpus and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="a prepared folder without known faults")
    parser.add_argument("--other-speaker", type=Path, help="a prepared folder of another speaker")
    parser.add_argument("--voice", help="check the texts with this voice as well")
    parser.add_argument("--rows", type=int, help="rows to draw from the corpus (all)")
    parser.add_argument(
        "--share", type=float, default=0.03, help="fraction of rows per kind of fault (0.03)"
    )
    parser.add_argument("--seed", type=int, default=1, help="random seed (1)")
    parser.add_argument("--json", type=Path, help="write the results to this JSON file")
    args = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        dataset, planted = plant(args, Path(folder))
        for label in ("without a voice", *(["with the voice"] if args.voice else [])):
            scorer: Scorer | None = None
            if label == "with the voice":
                from vits.cli.base_voice import read_bundle
                from vits.evaluation.aligners.text_scores import VoiceScorer

                scorer = VoiceScorer(read_bundle(args.voice), dataset)
            report = examine(dataset, scorer=scorer)
            results[label] = score(report, list(dataset.names), planted)
            results[label]["notes"] = report.notes
            results[label]["median"] = report.measured.get("text margin (deviations)")
            show(label, results[label])
            print("\n".join(f"note: {note}" for note in report.notes))
    if args.json is not None:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
