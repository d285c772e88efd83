"""The two trainers that ``benchmarks/training.py`` compares, each in its own process.

Not called by hand. A process reads one word per line and answers with a line of JSON: ``step`` runs
a training step; ``parts`` also times every part; ``check`` runs it without dropout, whose masks are
drawn in memory order, which differs between the two, and on a GPU in whole float32 instead of TF32.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from measure import Parts, peak_memory, stolen_seconds, synchronise
from torch import nn

from vits.config import TrainingConfig, VitsConfig
from vits.data.prepared.batch import Batch

__all__ = ["answer", "corpus_of", "endless", "random_batch", "run_baseline", "run_ours"]

LOSSES = ("discriminator", "mel", "kl", "duration", "feature", "adversarial")
NORMS = ("gradient/discriminator", "gradient/generator")


def random_batch(config: VitsConfig, size: int, symbols: int, frames: int) -> Batch:
    """Make a batch of noise and random symbols of similar lengths, the first the longest."""
    generator = torch.Generator().manual_seed(0)
    hop = config.audio.hop_length
    shares = torch.linspace(1.0, 0.8, size)
    ids = torch.randint(config.n_symbols, (size, symbols), generator=generator)
    wave = torch.randn(size, 1, frames * hop, generator=generator) * 0.1
    id_lengths, wave_lengths = (shares * symbols).long(), (shares * frames).long() * hop
    ids[torch.arange(symbols) >= id_lengths[:, None]] = 0
    wave[(torch.arange(frames * hop) >= wave_lengths[:, None]).unsqueeze(1)] = 0
    names = tuple(str(i) for i in range(size))
    speakers = torch.zeros(size, dtype=torch.long)
    durations = torch.zeros_like(ids)
    pitch = torch.zeros(size, 2, frames)
    facts = (speakers, speakers, durations, pitch, torch.zeros(size, 0))
    return Batch(names, ids, id_lengths, wave, wave_lengths, *facts)


class _Endless(torch.utils.data.IterableDataset[Batch]):
    """The same batch for ever."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self.batch


def endless(batch: Batch) -> Any:
    """Return a loader that yields a batch for ever."""
    return torch.utils.data.DataLoader(_Endless(batch), batch_size=None)


def corpus_of(config: VitsConfig, batch: Batch) -> Any:
    """Make the facts about the data that a module needs."""
    from vits.training.dataset_info import DatasetInfo

    return DatasetInfo(
        name="random",
        audio=config.audio,
        frontend={"config": {"blanks": False}, "symbols": ["x"] * config.n_symbols},
        fingerprint={},
        speakers=(),
        utterances=len(batch.names),
        seconds=0.0,
    )


def answer(line: dict[str, Any]) -> None:
    """Write one line of JSON to the parent."""
    print(json.dumps(line), flush=True)


class Clock:
    """Times a step from the parent's word to the answer."""

    def __init__(self, device: torch.device, parts: Parts, generator: nn.Module) -> None:
        self.device, self.parts = device, parts
        self.dropouts = [m for m in generator.modules() if isinstance(m, nn.Dropout)]
        self.shares = [dropout.p for dropout in self.dropouts]
        self.tf32 = torch.backends.cudnn.allow_tf32

    def wait(self) -> bool:
        """Wait for the next word; return False at the end."""
        word = sys.stdin.readline().strip()
        self.parts.on = word == "parts"
        self.parts.seconds.clear()
        for dropout, share in zip(self.dropouts, self.shares, strict=True):
            dropout.p = 0.0 if word == "check" else share
        # convolutions in TF32 agree to three digits only
        torch.backends.cudnn.allow_tf32 = self.tf32 and word != "check"
        self.stolen = stolen_seconds()
        synchronise(self.device)
        self.started = time.perf_counter()
        return bool(word)

    def report(self, values: dict[str, float]) -> None:
        """Answer with the time since ``wait`` and the step's losses."""
        synchronise(self.device)
        seconds = time.perf_counter() - self.started
        answer(
            {
                "seconds": seconds,
                "stolen": (stolen_seconds() - self.stolen) / seconds,
                "peak": peak_memory(self.device),
                "parts": dict(self.parts.seconds),
                "values": values,
            }
        )


def run_baseline(
    config: VitsConfig, batch: Batch, device: torch.device, precision: str, weights: Path
) -> None:
    """Serve training steps of the baseline."""
    from baseline import Baseline

    parts = Parts(device)
    trainer = Baseline(config, TrainingConfig(), device, precision, parts)
    state = torch.load(weights, weights_only=True)
    trainer.generator.load_state_dict(state["generator"])
    trainer.discriminators.load_state_dict(state["discriminators"])
    del state
    clock = Clock(device, parts, trainer.generator)
    while clock.wait():
        clock.report(trainer.step(batch))


def run_ours(
    config: VitsConfig, batch: Batch, device: torch.device, precision: str, weights: Path
) -> None:
    """Serve training steps of this library, in Lightning's trainer as in ``vits fit``."""
    import pytorch_lightning as pl

    from vits.training.module import VitsModule

    class Served(VitsModule):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> int | None:
            del batch, batch_idx
            if clock.wait():
                return None
            self.trainer.should_stop = True
            return -1  # skips the rest of the epoch

    class Report(pl.Callback):
        def on_train_batch_end(
            self,
            trainer: pl.Trainer,
            pl_module: pl.LightningModule,
            outputs: Any,
            batch: Any,
            batch_idx: int,
        ) -> None:
            del pl_module, outputs, batch, batch_idx
            names = (*LOSSES, *NORMS)
            clock.report({n: float(trainer.callback_metrics[f"train/{n}"]) for n in names})

    parts = Parts(device)
    module = Served(config, TrainingConfig(), corpus_of(config, batch))
    clock = Clock(device, parts, module.generator)
    state = torch.load(weights, weights_only=True)
    module.generator.load_state_dict(state["generator"])
    module.discriminators.load_state_dict(state["discriminators"])
    del state
    time_parts(module, parts)
    trainer = pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        precision=precision,  # pyright: ignore[reportArgumentType]
        max_steps=-1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[Report()],
    )
    trainer.fit(module, endless(batch))


def time_parts(module: Any, parts: Parts) -> None:
    """Time our parts under the names of the baseline's."""
    generator, phase = module.generator, ["D"]

    def entering(name: str) -> Any:
        step = getattr(module, name)

        def run(*args: Any, **options: Any) -> Any:
            phase[0] = "D" if name == "_step_discriminators" else "G"
            return step(*args, **options)

        object.__setattr__(module, name, run)

    for name in ("_step_discriminators", "_adversarial_loss"):
        entering(name)
    for name in (
        "text_encoder",
        "posterior_encoder",
        "prior_flow",
        "duration_predictor",
        "decoder",
    ):
        parts.wrap(getattr(generator, name), "forward", name.replace("_", " "))
    parts.wrap(generator, "align", "alignment")
    parts.wrap(module.spectrogram, "forward", "spectrogram, mel")
    parts.wrap(module.mel, "from_linear", "spectrogram, mel")
    parts.wrap(module.mel, "forward", "spectrogram, mel")
    for member in module.discriminators.members:
        parts.wrap(member, "forward", lambda: f"D passes, {phase[0]} step")
    parts.wrap(module, "manual_backward", lambda: f"{phase[0]} backward")
    parts.wrap(torch.autograd, "grad", "G backward")  # through the discriminators
    configure = module.configure_optimizers

    def configured() -> Any:
        optimizers, schedulers = configure()
        for name, optimizer in zip("DG", optimizers, strict=True):
            parts.wrap(optimizer, "step", f"{name} optimizer")
        return optimizers, schedulers

    object.__setattr__(module, "configure_optimizers", configured)


def main() -> None:
    """Serve one trainer until the parent closes the pipe."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["baseline", "ours"])
    parser.add_argument("settings", type=json.loads)
    engine, settings = (vars(parser.parse_args())[name] for name in ("engine", "settings"))
    torch.set_num_threads(settings["threads"])
    config = VitsConfig()
    batch = random_batch(config, settings["batch"], settings["symbols"], settings["frames"])
    run = run_baseline if engine == "baseline" else run_ours
    device = torch.device(settings["device"])
    run(config, batch, device, settings["precision"], Path(settings["weights"]))


if __name__ == "__main__":
    main()
