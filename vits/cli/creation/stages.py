"""The stages of a creation, from recordings to a voice folder."""

import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vits.cli.creation.journal import Journal, digest, listing
from vits.cli.creation.output import Progress, clock, logged
from vits.errors import CheckpointError, ConfigError, DataError, MissingExtraError, VoiceError

if TYPE_CHECKING:
    from vits.training.finetuning import BaseVoice

__all__ = [
    "Creation",
    "align",
    "bundle",
    "check",
    "checkpoint_of",
    "evaluate",
    "prepare",
    "work_folder",
]

HELD_OUT_SHARE, HELD_OUT_MOST = 0.1, 12


class Creation:
    """Everything that the stages share, and how one of them runs.

    Args:
        source: the recordings.
        output: the voice folder to write; the work is kept beside it (``work_folder``).
        base: the voice to start from.
        minutes: time for everything, over all starts.
        progress: prints the line of each stage.

    Raises:
        VoiceError: the output folder has other content.
        DataError: the journal is damaged.
    """

    def __init__(
        self, source: Path, output: Path, base: str, minutes: float, progress: Progress
    ) -> None:
        self.source, self.output, self.base = source, output, base
        self.minutes, self.progress = minutes, progress
        self.work = work_folder(output)
        written = (self.work / "journal.json").exists()
        if output.is_file() or (output.is_dir() and any(output.iterdir()) and not written):
            raise VoiceError(
                f"{output} exists and was not made by vits create; choose another folder with -o"
            )
        self.work.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self.work / "journal.json")
        self.lines: list[tuple[str, str]] = []  # name and result of each finished stage
        self.key = ""  # digest of all inputs of the stages so far

    @property
    def seconds_left(self) -> float:
        """The rest of the time (s)."""
        return 60 * self.minutes - self.journal.seconds

    def begin(self) -> "BaseVoice":
        """Read the base; note what the result depends on.

        Raises:
            VitsError: the base cannot be read.
        """
        from vits.cli.base_voice import read_base
        from vits.interop.named import find_or_download
        from vits.synthesis.api import find_voice

        base = read_base(self.base)
        folder = find_or_download(find_voice(self.base))
        inputs = [str(self.source), listing(self.source), self.base, listing(folder)]
        self.key = digest(inputs)
        return base

    def done(self, stage: str, *settings: Any, intact: bool = True) -> dict[str, Any] | None:
        """Add a stage to the inputs; return its results if it is done with these inputs.

        Args:
            stage: its name.
            settings: what its results depend on besides the stages before it, as JSON values.
            intact: whether its results are still there.
        """
        self.key = digest(self.key, stage, settings)
        facts = self.journal.facts(stage, self.key) if intact else None
        if facts is not None:
            self.lines.append((stage, facts["line"]))
            self.progress.finish(stage, f"{facts['line']} (done before)")
        return facts

    def finish(self, stage: str, line: str, **facts: Any) -> dict[str, Any]:
        """Write down the results of a stage and print its line."""
        facts = {"line": line, **facts}
        self.journal.finish(stage, self.key, facts)
        self.lines.append((stage, line))
        left = clock(self.seconds_left)
        self.progress.finish(stage, f"{line}; at most {left} left")
        return facts

    def command(self, stage: str, *words: Any) -> None:
        """Run a command of ``vits``; its output goes to ``logs``.

        Raises:
            VitsError: the command fails; the message names the stage.
        """
        from vits.cli import build_parser

        arguments = [str(word) for word in words]
        with self.log(stage, arguments):
            args = build_parser([arguments[0]]).parse_args(arguments)
            args.run(args)

    def log(self, stage: str, arguments: list[str]) -> Any:
        """Send what is printed to the log of a stage, after the command line."""
        self.progress.update(stage, f"at most {clock(self.seconds_left)} left")
        path = self.work / "logs" / f"{stage}.log"
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"$ vits {shlex.join(arguments)}\n")
        return logged(path)


def work_folder(output: Path) -> Path:
    """Return the folder beside a voice in which it is made.

    >>> work_folder(Path("voices/me")).as_posix()
    'voices/me.work'
    """
    return output.with_name(f"{output.name}.work")


def prepare(creation: Creation, base: "BaseVoice", language: str | None) -> dict[str, Any]:
    """Prepare the recordings as the base's were; the language is that of the texts.

    Raises:
        VitsError: no recording can be used.
    """
    from vits.cli.creation.language import guess_language
    from vits.data.corpora import open_corpus
    from vits.data.prepared.dataset import PreparedDataset

    own = base.frontend.config
    told = None
    if language is None and own.backend == "espeak" and not own.languages:
        told = guess_language(row.text for row in open_corpus(creation.source).rows)
        # a base of en-gb stays en-gb for English texts
        language = None if told and told[:2] == own.language[:2] else told
    folder = creation.work / "prepared"
    words = ["prepare", creation.source, "-o", folder, "--like", creation.base, "--no-progress"]
    words += [] if language is None else ["--language", language]
    words += ["--pitch"] if base.config.pitch is not None else []
    if facts := creation.done("prepare", language, intact=_complete(folder)):
        return facts
    creation.command("prepare", *words)
    data = PreparedDataset(folder)
    report = json.loads((folder / "report.json").read_bytes())
    rejected = report["rows"] - report["kept"]
    used = language or own.language
    unsure = "" if told or own.backend != "espeak" else ", the base's"
    return creation.finish(
        "prepare",
        f"{len(data)} utterances, {data.seconds / 60:.1f} minutes, language {used}{unsure}; "
        f"{rejected} rejected",
        utterances=len(data),
        seconds=data.seconds,
        rejected=rejected,
        language=used,
        speakers=data.speakers,
    )


def check(creation: Creation) -> dict[str, Any]:
    """Leave out faulty recordings, and hold some back for validation.

    Raises:
        DataError: fewer than two utterances are left.
    """
    from vits.data.prepared.dataset import PreparedDataset, split
    from vits.data.prepared.subset import write_subset

    work = creation.work
    complete = _complete(work / "training") and _complete(work / "held_out")
    if facts := creation.done("check", intact=complete):
        return facts
    creation.command("check", "check", work / "prepared", "-o", work / "clean")
    data = PreparedDataset(work / "clean")
    if len(data) < 2:
        raise DataError(
            f"{len(data)} utterance is left of the recordings; one to learn and one to compare "
            f"with are the least: see {work / 'clean' / 'rejected.jsonl'} and record more"
        )
    held = min(HELD_OUT_MOST, max(1, round(HELD_OUT_SHARE * len(data))))
    training, held_out = split(data, n_validation=held)
    for part, name in ((training, "training"), (held_out, "held_out")):
        write_subset(part, range(len(part)), work / name)
    found = json.loads((work / "clean" / "check.json").read_bytes())
    noise = found["measured"]["signal to noise (dB)"][1]
    return creation.finish(
        "check",
        f"{found['left_out']} left out, {noise:.0f} dB signal to noise; {held} held out, "
        f"{training.seconds / 60:.1f} minutes to learn from",
        left_out=found["left_out"],
        signal_to_noise=noise,
        held_out=held,
        seconds=training.seconds,
    )


def align(creation: Creation, base: "BaseVoice") -> None:
    """Find the durations, for a base without posterior encoder.

    Raises:
        VitsError: the recordings cannot be aligned.
    """
    if not base.is_compact or creation.done("align"):
        return
    folders = [creation.work / name for name in ("training", "held_out")]
    creation.command("align", "align", creation.base, *folders)
    creation.finish("align", "the base is compact: durations found by comparing its speech")


def evaluate(creation: Creation, checkpoint: Path, language: str) -> dict[str, Any]:
    """Compare the voice with the held-out recordings, as far as the packages are installed.

    Raises:
        VitsError: the voice cannot be evaluated.
    """
    from importlib.util import find_spec

    if facts := creation.done("evaluate", _state(checkpoint)):
        return facts
    missing = [name for name in ("librosa",) if find_spec(name) is None]
    if missing:
        return creation.finish(
            "evaluate", f"left out: {missing[0]} is not installed (pip install 'vits[eval]')"
        )
    recogniser, naturalness = judges(language)
    words = ["evaluate", checkpoint, creation.work / "held_out", "-o", creation.work / "report"]
    words += ["--recogniser", recogniser, "--naturalness", naturalness]
    creation.command("evaluate", *words)
    figures = json.loads((creation.work / "report" / "figures.json").read_bytes())
    voice, recordings = figures["voices"][0]["summary"], figures["recordings"]["summary"]
    line = f"spectra {voice['mcd']:.1f} dB from the recordings"
    if voice["naturalness"] is not None:
        line += f", naturalness {voice['naturalness']:.2f} ({recordings['naturalness']:.2f})"
    if voice["word_error_rate"] is not None:
        line += (
            f", word errors {voice['word_error_rate']:.0%} ({recordings['word_error_rate']:.0%})"
        )
    return creation.finish("evaluate", line, voice=voice, recordings=recordings)


def judges(language: str) -> tuple[str, str]:
    """Return the best recogniser and naturalness predictor that are installed and fit."""
    from vits.evaluation import load_predictor, load_recogniser

    recognisers = ("whisper", "pocketsphinx") if language.startswith("en") else ()
    return (
        _first_installed(load_recogniser, recognisers),
        _first_installed(load_predictor, ("distill-mos", "dnsmos")),
    )


def _first_installed(load: Callable[[str], object], names: Sequence[str]) -> str:
    """Return the first name that can be loaded on this machine; ``none`` if none can."""
    for name in names:
        try:
            load(name)
        except (ConfigError, MissingExtraError):  # Whisper's model is installed separately
            continue
        return name
    return "none"


def bundle(creation: Creation, checkpoint: Path, base: str, licence: str) -> None:
    """Write the voice folder, with the base's settings of randomness.

    Raises:
        VitsError: the voice cannot be written.
    """
    from vits.cli.base_voice import read_bundle
    from vits.synthesis.bundle.voice_bundle import CONFIG

    settings = read_bundle(base).settings
    noise = (settings.noise_scale, settings.noise_scale_duration)
    exists = (creation.output / CONFIG).is_file()
    if creation.done("bundle", _state(checkpoint), licence, noise, intact=exists):
        return
    words = ["bundle", checkpoint, "-o", creation.output, "--name", creation.output.name]
    words += ["--noise-scale", noise[0], "--noise-scale-duration", noise[1]]
    words += ["--licence", licence] if licence else []
    words += ["--force"] if exists else []
    creation.command("bundle", *words)
    creation.finish("bundle", str(creation.output))


def checkpoint_of(run: Path) -> Path:
    """Return the best checkpoint of a run, or its newest one.

    Raises:
        CheckpointError: it has none.
    """
    for name in ("best.ckpt", "last.ckpt"):
        if (run / "checkpoints" / name).is_file():
            return run / "checkpoints" / name
    raise CheckpointError(f"{run} has no checkpoint; run the same command again")


def _complete(folder: Path) -> bool:
    """Return whether a prepared folder is complete; its description is written last."""
    return (folder / "dataset.json").is_file()


def _state(checkpoint: Path) -> list[Any]:
    """Return what tells whether a checkpoint is another one than before."""
    return [str(checkpoint), checkpoint.stat().st_mtime_ns]
