"""The training stages of a creation: timing a few steps, and the run itself."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vits.cli.creation.output import clock
from vits.cli.creation.plan import DECAY, LEARNING_RATE, MAX_STEPS, Plan, plan_run, reserve
from vits.cli.creation.stages import Creation, checkpoint_of

if TYPE_CHECKING:
    from vits.training.finetuning import BaseVoice

__all__ = ["measure_pace", "train"]

TIMED_STEPS = 8
SAVE_SECONDS = 5.0  # between writes of the journal: what a kill takes from the time kept


def measure_pace(creation: Creation, base: "BaseVoice", name: str | None) -> float:
    """Train a few steps, throw them away, and return how long one takes (s).

    Raises:
        VitsError: training fails.
    """
    from vits.training.callbacks.pace import Pace

    if facts := creation.done("pace", name):
        return facts["seconds_per_step"]
    folder = creation.work / "pace"
    shutil.rmtree(folder, ignore_errors=True)
    words = [*_common(folder, name), "--trainer.max_steps", str(TIMED_STEPS)]
    words += ["--data.n_validation", "0", "--trainer.limit_val_batches", "0"]
    words += ["--checkpoint.every_n_steps", "null"]
    words += ["--model.training.adversarial.warmup_steps", "0"]
    pace = Pace()
    _finetune(creation, "pace", words, pace)
    shutil.rmtree(folder)
    seconds = pace.seconds_per_step
    assert seconds is not None, "more steps than the first ones are timed"
    left = _training_seconds(creation)
    steps = max(0, int(left / seconds))
    creation.finish(
        "pace",
        f"{seconds:.2f} s a step on this machine: at most {steps} steps in {clock(left)}",
        seconds_per_step=seconds,
    )
    return seconds


def train(
    creation: Creation, base: "BaseVoice", pace: float, name: str | None, held_out: int
) -> Path:
    """Fine-tune the base until it stops improving, or until the time is up.

    The plan is made once: a run that goes on goes on with its own. If the time ended it and there
    is more now, it goes on as well.

    Returns:
        The checkpoint with the lowest validation loss.

    Raises:
        Preempted: a signal stopped the run, which has saved a checkpoint.
        VitsError: training fails.
    """
    from vits.training.callbacks.pace import Pace

    key = creation.key
    run = creation.work / "runs" / key[:12]  # other inputs make another run, and none is lost
    facts = creation.journal.facts("train")
    limit = 60 * creation.minutes
    more_time = facts is not None and facts["expired"] and limit > facts["limit"]
    has_run = (run / "checkpoints" / "last.ckpt").is_file()
    if creation.done("train", intact=has_run and not more_time):
        return checkpoint_of(run)
    left = _training_seconds(creation)
    plan = _plan(creation, run, left, pace, base)
    end = time.monotonic() + left
    saved = [time.monotonic()]

    def report(step: int, seconds: float | None) -> None:
        now = time.monotonic()
        each = seconds or pace
        creation.progress.update(
            "train", f"step {step}, {each:.2f} s each; at most {clock(end - now)} left"
        )
        if now - saved[0] >= SAVE_SECONDS:
            saved[0] = now
            creation.journal.save()

    timer = Pace(lambda: end - time.monotonic(), report)
    _finetune(creation, "train", _words(creation, run, plan, name, held_out), timer)
    line, gained = _result(run)
    why = "ended by the time" if timer.expired else "ended because nothing more was gained"
    creation.finish("train", f"{line}; {why}", expired=timer.expired, limit=limit, gains=gained)
    return checkpoint_of(run)


def _training_seconds(creation: Creation) -> float:
    """Return the time that is left for training (s); the rest is for evaluating and bundling."""
    return creation.seconds_left - reserve(60 * creation.minutes)


def _plan(creation: Creation, run: Path, seconds: float, pace: float, base: "BaseVoice") -> Plan:
    """Return the plan of the run, made at its first start."""
    stage = f"plan of {run.name}"
    facts = creation.journal.facts(stage)
    if facts is None:
        plan = plan_run(max(0.0, seconds), pace, new_discriminators=base.discriminators is None)
        creation.journal.finish(stage, creation.key, vars(plan))
        return plan
    return Plan(**facts)


def _words(creation: Creation, run: Path, plan: Plan, name: str | None, held_out: int) -> list[str]:
    """Return the options of ``vits finetune``."""
    every = str(plan.validate_every)
    warm_up = str(plan.warmup_steps)
    return [
        *_common(run, name),
        *("--trainer.max_steps", str(MAX_STEPS), "--trainer.val_check_interval", every),
        *("--data.validation", str(creation.work / "held_out")),
        *("--data.n_validation", str(held_out)),
        *("--checkpoint.every_n_steps", every, "--checkpoint.every_minutes", "2"),
        *("--checkpoint.keep_last", "2", "--checkpoint.patience", str(plan.patience)),
        *("--model.training.optimizer.decay_steps", str(plan.decay_steps)),
        *("--model.training.adversarial.warmup_steps", warm_up),
        *("--resume", "auto"),
    ]


def _common(folder: Path, name: str | None) -> list[str]:
    """Return the options that the timed steps and the run share."""
    import torch

    words = ["--trainer.default_root_dir", str(folder), "--trainer.enable_progress_bar", "false"]
    words += ["--model.training.optimizer.learning_rate", str(LEARNING_RATE)]
    words += ["--model.training.optimizer.decay", str(DECAY), "--model.training.ema_decay", "0.99"]
    if not torch.cuda.is_available():  # small batches: on a CPU steps count, not their size
        words += ["--data.max_frames", "5200", "--data.max_utterances", "16"]
        words += ["--data.workers", "0"]
    return words if name is None else [*words, "--data.speaker", name]


def _finetune(creation: Creation, stage: str, words: list[str], pace: Any) -> None:
    """Run ``vits finetune`` with its output in a log."""
    from vits.cli.base_voice import read_base
    from vits.cli.signals import training_signals
    from vits.training.finetuning import finetune

    data = str(creation.work / "training")
    with (
        creation.log(stage, ["finetune", creation.base, data, *words]),
        training_signals(),
    ):
        finetune(creation.base, data, words, read=read_base, report=print, callbacks=[pace])


def _result(run: Path) -> tuple[str, list[tuple[int, float]]]:
    """Return the best validation of a run as a line, and the gains per 100 steps."""
    from vits.training.callbacks.curves import read_history
    from vits.training.callbacks.early_stopping import gains

    history = read_history(run / "history.csv")
    name = "val/mel" if "val/mel" in history else "val/spoken"
    values = list(zip(*history[name], strict=True))
    step, loss = min(values, key=lambda pair: (pair[1], pair[0]))
    return f"{values[-1][0]} steps, best {name} {loss:.3f} at step {step}", gains(values)
