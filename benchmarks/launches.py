"""How many kernels does a training step launch on a GPU, in what memory, and does the host wait?

    python benchmarks/launches.py --batch 64 --json launches.json

The LJSpeech model takes steps on torch's meta device, which has no values: the figures are those of
the code, whatever the machine. A step of an hour of a CPU takes seconds. The backward passes of
compiled kernels and of convolutions count as one launch each, as each operation does. Memory is
that of tensors, without workspaces and without what an allocator loses to rounding.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from recorder import META, Record, recording

from vits.config import TrainingConfig, VitsConfig, from_dict
from vits.data.prepared.batch import Batch
from vits.training.dataset_info import DatasetInfo
from vits.training.module import VitsModule

__all__ = ["MetaModule", "dataset_info", "empty_batch", "record_step"]

PRECISIONS = ("32-true", "bf16-mixed")


class MetaModule(VitsModule):
    """A module on the meta device outside a trainer: it does what Lightning does around a step."""

    global_step: Any = 0  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    global_rank: Any = 0  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]

    def prepare(self) -> None:
        """Move to the device and create the optimizers."""
        self.to(META)
        optimizers, self.schedulers = cast(Any, self.configure_optimizers())
        self.wrapped = [_Optimizer(optimizer) for optimizer in optimizers]

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        """Return the optimizers."""
        del use_pl_optimizer
        return self.wrapped

    def lr_schedulers(self) -> Any:
        """Return the schedulers."""
        return self.schedulers

    def manual_backward(self, loss: torch.Tensor, *args: Any, **options: Any) -> None:
        """Run the backward pass."""
        del args, options
        loss.backward()

    def log_dict(self, dictionary: Any, *args: Any, **options: Any) -> None:
        """Convert the values as Lightning does."""
        del args, options
        for value in dictionary.values():
            torch.as_tensor(value, device=META)


class _Optimizer:
    """The part of Lightning's optimizer that a step uses."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer, self.param_groups = optimizer, optimizer.param_groups
        self.step, self.zero_grad = optimizer.step, optimizer.zero_grad

    def _on_before_step(self) -> None:
        pass

    _on_after_step = _on_before_step


def empty_batch(config: VitsConfig, size: int, symbols: int, frames: int) -> Batch:
    """Make a batch on the meta device, with durations and pitch, without speaker vectors."""

    def integers(*shape: int) -> torch.Tensor:
        return torch.zeros(shape, dtype=torch.int64, device=META)

    wave = torch.empty(size, 1, frames * config.audio.hop_length, device=META)
    pitch = torch.empty(size, 2, frames, device=META)
    ids, durations = integers(size, symbols), integers(size, symbols)
    lengths, speakers = integers(size), integers(size)
    return Batch(
        ("x",) * size,
        ids,
        lengths,
        wave,
        integers(size),
        speakers,
        integers(size),
        durations,
        pitch,
        torch.empty(size, 0, device=META),
    )


def dataset_info(config: VitsConfig) -> DatasetInfo:
    """Make facts about data that fit a model."""
    languages = {"languages": ["en", "de"]} if config.n_languages else {}
    symbols = ["_", *(chr(0x100 + i) for i in range(config.n_symbols - 1))]
    return DatasetInfo(
        name="random",
        audio=config.audio,
        frontend={"config": {"blanks": True, "blank": "_", **languages}, "symbols": symbols},
        fingerprint={},
        speakers=("anna", "bert") if config.n_speakers > 1 else (),
        utterances=10,
        seconds=20.0,
        aligned=True,
        pitched=config.pitch is not None,
    )


def record_step(
    config: VitsConfig,
    recipe: dict[str, Any],
    sizes: tuple[int, int, int],
    precision: str,
    *,
    step: int = 30,
    states: bool = True,
) -> Record:
    """Record a training step.

    Args:
        config: the model.
        recipe: plain values of ``TrainingConfig``.
        sizes: utterances, symbols and frames of the batch.
        precision: ``32-true`` or ``bf16-mixed``.
        step: number of the step.
        states: record the second step of a run: the first creates the states of the optimizers.
    """
    module = MetaModule(config, from_dict(TrainingConfig, recipe), dataset_info(config))
    module.prepare()
    module.global_step = step
    batch = empty_batch(module.config, *sizes)
    for _ in range(1 + states):
        with recording() as record, torch.autocast("meta", enabled=precision == "bf16-mixed"):
            for tensor in _held(module):
                record.hold(tensor)
            module.training_step(batch, 0)
    return record  # pyright: ignore[reportPossiblyUnboundVariable]


def _held(module: MetaModule) -> Iterator[torch.Tensor]:
    """Iterate over what is in memory before a step: weights, buffers and optimizer states."""
    yield from module.parameters()
    yield from module.buffers()
    for wrapped in module.wrapped:
        for state in wrapped.optimizer.state.values():
            yield from (x for x in state.values() if x.device.type == "meta")


def main() -> int:
    """Record, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=64, help="utterances")
    parser.add_argument("--symbols", type=int, default=181, help="of the longest utterance")
    parser.add_argument("--frames", type=int, default=560, help="of the longest utterance")
    parser.add_argument("--operations", type=int, default=12, help="most frequent ones to list")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    rows = []
    for precision in PRECISIONS:
        sizes = (args.batch, args.symbols, args.frames)
        record = record_step(VitsConfig(), {}, sizes, precision)
        row = {
            "precision": precision,
            "launches": record.kernels.total(),
            "waits": record.found,
            "peak_gib": round(record.peak / 2**30, 2),
            "operations": dict(record.kernels.most_common()),
        }
        rows.append(row)
        print(f"{precision}: {row['launches']} launches, {row['peak_gib']} GiB at most")
        print(f"  waits: {record.found or 'none'}")
        for name, count in record.kernels.most_common(args.operations):
            print(f"  {name:32s}{count:6d}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
