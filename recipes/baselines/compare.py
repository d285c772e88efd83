"""The paper's comparison at equal CPU time: train every system, judge it and print the table.

    python -m recipes.baselines.compare runs/baselines --train data/kathleen_fit
        --test data/kathleen_held_out --minutes 60

Run it from the repository's root. It does one thing after the other and may be stopped at any time:
the same command goes on where it was. More ``--minutes`` go on too. ``--table`` only prints.
"""

import argparse
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from recipes.baselines.budget import fit, spent
from recipes.baselines.mel import GriffinLim
from recipes.baselines.settings import Settings
from recipes.baselines.systems import System, TwoStages, count_parameters, speak_timed
from recipes.baselines.table import markdown
from recipes.baselines.tacotron import Acoustic, longest_symbol
from recipes.baselines.vocoders import HifiGanVocoder, Vocoder, WaveGlowVocoder
from vits.data.prepared.atomic_write import atomic_write
from vits.evaluation import Item, load_predictor, load_recogniser, measure_recordings, read_test_set
from vits.evaluation.comparison import summarise_voice
from vits.evaluation.evaluate import EvaluatedUtterance, Evaluators, evaluate_speech
from vits.evaluation.results import summarise
from vits.synthesis import Voice
from vits.synthesis.bundle.from_checkpoint import bundle_checkpoint
from vits.text import Frontend
from vits.training import VitsDataModule, VitsModule
from vits.training.checkpoints.checkpoint_io import newest_valid, read_checkpoint, step_of

__all__ = ["Comparison", "main"]

RUNS = {
    "tacotron_half": 0.5,
    "tacotron": 1.0,
    "waveglow": 0.5,
    "hifigan": 0.5,
    "vits_deterministic": 1.0,
    "vits_stochastic": 1.0,
    "vits2": 1.0,
}
"""What is trained, and its share of a system's CPU time."""

SYSTEMS = {
    "griffin_lim": ("tacotron",),
    "waveglow": ("tacotron_half", "waveglow"),
    "hifigan": ("tacotron_half", "hifigan"),
    "vits_deterministic": ("vits_deterministic",),
    "vits_stochastic": ("vits_stochastic",),
    "vits2": ("vits2",),
}
"""What is compared, and the runs that it consists of: their shares add up to 1."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One comparison.

    Attributes:
        folder: of its runs and results.
        train: prepared training data.
        test: prepared test data.
        minutes: CPU time of each system (minutes).
        limit: utterances of the test data that are judged; None: all.
        recogniser: as for ``vits evaluate``.
        naturalness: as for ``vits evaluate``.
        settings: networks and batches.
    """

    folder: Path
    train: Path
    test: Path
    minutes: float
    limit: int | None = None
    recogniser: str = "pocketsphinx"
    naturalness: str = "dnsmos"
    settings: Settings = field(default_factory=Settings)

    def run(self) -> None:
        """Do all stages that are not done, each named with the CPU time that it takes at most."""
        print("judging recordings: about 5 s of CPU time an utterance", flush=True)
        recordings = list(measure_recordings(self.items(), self.evaluators()))
        self.write("recordings", {"summary": summarise([r.metrics for r in recordings])._asdict()})
        for name, runs in SYSTEMS.items():
            for run in runs:
                self.train_run(run)
            if self.read(name) is None:
                print(f"judging {name}: about 5 s of CPU time an utterance", flush=True)
                self.judge(name, recordings)

    def data(self) -> VitsDataModule:
        """Return the batches of every run: the same utterances in the same order."""
        return VitsDataModule(
            str(self.train),
            n_validation=0,
            max_frames=self.settings.max_frames,
            max_utterances=self.settings.max_utterances,
            workers=0,
        )

    def build(self, name: str, data: VitsDataModule) -> pl.LightningModule:
        """Build the module of a run, with random weights."""
        audio, settings = data.train_data.audio, self.settings
        torch.manual_seed(settings.training.seed)
        if name.startswith("tacotron"):
            module = Acoustic(audio, len(data.train_data.symbols), settings.tacotron)
        elif name == "waveglow":
            module = WaveGlowVocoder(audio, settings.waveglow)
        elif name == "hifigan":
            module = HifiGanVocoder(*settings.model("vits_deterministic", audio))
        else:
            return VitsModule(*settings.model(name, audio), data.dataset_info)
        module.mel.measure(data.train_data)
        return module

    def train_run(self, name: str) -> Path:
        """Train a run, or go on with it; the longer Tacotron 2 goes on from the shorter one."""
        start = self.train_run("tacotron_half") if name == "tacotron" else None
        print(f"training {name}: {RUNS[name] * self.minutes:g} CPU minutes", flush=True)
        data, seconds = self.data(), 60 * self.minutes * RUNS[name]
        return fit(self.build(name, data), data, self.folder / name, seconds, start=start)

    def load(self, name: str, data: VitsDataModule) -> pl.LightningModule:
        """Return a trained module."""
        module = self.build(name, data)
        module.load_state_dict(read_checkpoint(self.checkpoint(name))["state_dict"])
        return module.eval()

    def checkpoint(self, name: str) -> Path:
        """Return the newest checkpoint of a finished run."""
        path = newest_valid(self.folder / name, print)
        if path is None and name == "tacotron":  # one step was enough for both
            return self.checkpoint("tacotron_half")
        assert path is not None
        return path

    def system(self, name: str) -> tuple[System, int]:
        """Return a system and the number of weights that it speaks with."""
        runs = SYSTEMS[name]
        if name.startswith("vits"):
            bundle = bundle_checkpoint(self.checkpoint(name), name=name)
            size = count_parameters(bundle.generator)
            voice = Voice(bundle)
            return lambda text, seed: voice(text, seed=seed), size
        data = self.data()
        acoustic = self.load(runs[0], data)
        vocoder = self.load(runs[1], data) if len(runs) > 1 else None
        assert isinstance(acoustic, Acoustic)
        if vocoder is None:
            vocoder = GriffinLim(acoustic.mel, data.train_data.audio)
        assert isinstance(vocoder, Vocoder | GriffinLim)
        spoken = TwoStages(
            acoustic,
            vocoder,
            Frontend.from_dict(data.train_data.frontend),
            data.train_data.audio.sample_rate,
            longest_symbol(data.train_data),
        )
        return spoken, count_parameters(acoustic, vocoder)

    def judge(self, name: str, recordings: list[EvaluatedUtterance]) -> None:
        """Judge a system and write its results."""
        system, size = self.system(name)
        items, runs = self.items(), [self.checkpoint(run) for run in SYSTEMS[name]]
        speak = speak_timed(system, items)
        spoken = list(evaluate_speech(speak, items, self.evaluators(), recordings))
        compared = summarise_voice(name, str(self.folder), step_of(runs[-1]), spoken, recordings)
        for one in spoken[:3]:  # to listen to
            folder = self.folder / "waves" / name
            folder.mkdir(parents=True, exist_ok=True)
            one.speech.save(folder / f"{one.metrics.item.id}.wav")
        result = {
            "summary": compared.summary._asdict(),
            "steps": [step_of(path) for path in runs],
            "cpu_minutes": [round(spent(path) / 60, 2) for path in runs],
            "parameters": size,
            "cut": len(system.cut) if isinstance(system, TwoStages) else None,
        }
        self.write(name, result)

    def items(self) -> list[Item]:
        """Return the test set."""
        return read_test_set(self.test, self.limit)

    def evaluators(self) -> Evaluators:
        """Return the judges of ``vits evaluate``."""
        return Evaluators(
            recogniser=load_recogniser(self.recogniser),
            predictor=load_predictor(self.naturalness),
            language=Frontend.from_dict(self.data().train_data.frontend).config.language,
        )

    def facts(self) -> dict[str, Any]:
        """Return what results must have in common to stand in one table."""
        return {
            "minutes": self.minutes,
            "test": self.test.name,
            "utterances": len(self.items()),
            "recogniser": self.recogniser,
            "naturalness": self.naturalness,
            "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, PyTorch {torch.__version__}",
        }

    def write(self, name: str, result: dict[str, Any]) -> None:
        """Write the result of a system at once."""
        path = self.folder / "results" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_text(json.dumps({**self.facts(), **result}, indent=1), encoding="utf-8")

    def read(self, name: str) -> dict[str, Any] | None:
        """Return the result of a system; None if there is none of this comparison."""
        path = self.folder / "results" / f"{name}.json"
        if not path.is_file():
            return None
        result = json.loads(path.read_text(encoding="utf-8"))
        return result if result.items() >= self.facts().items() else None

    def results(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield names and results of what has been judged, in the order of the table."""
        for name in ("recordings", *SYSTEMS):
            if (result := self.read(name)) is not None:
                yield name, result


def main() -> None:
    """Run the comparison and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folder", type=Path, help="folder of the runs and the results")
    add("--train", type=Path, required=True, help="prepared training data")
    add("--test", type=Path, required=True, help="prepared test data")
    add("--minutes", type=float, default=60.0, help="CPU time of a system (default: %(default)s)")
    add("--limit", type=int, help="judge only the first utterances of the test data")
    add("--recogniser", default="pocketsphinx", help="as for vits evaluate (%(default)s)")
    add("--naturalness", default="dnsmos", help="as for vits evaluate (%(default)s)")
    add("--table", action="store_true", help="only print the table of what has been judged")
    arguments = vars(parser.parse_args())
    only_table = arguments.pop("table")
    torch.set_num_threads(1)
    comparison = Comparison(**arguments)
    if not only_table:
        comparison.run()
    results = dict(comparison.results())
    table = markdown(results)
    if not only_table:
        (comparison.folder / "table.md").write_text(table, encoding="utf-8")
        text = json.dumps(results, indent=1)
        (comparison.folder / "table.json").write_text(text, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
