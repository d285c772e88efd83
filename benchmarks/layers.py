"""How much faster is each module of ``vits.fast`` than its plain one, in turn, in one process?

    python benchmarks/layers.py --threads 1 --rounds 7 --json layers.json

For every class of ``vits.fast.training``, the box of figure 1 that contains it runs forward and
backward, on the shapes of an LJSpeech step of ``benchmarks/training.py``: first with all modules
plain, then with this class fast; ``all`` is ``optimize_for_training``. CPU time is measured, not
elapsed time, so other programs disturb it less; the gain is the median over the rounds of plain /
fast. The gradients of both must agree without dropout, whose masks differ.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.config import VitsConfig
from vits.fast import optimize_for_training
from vits.fast.channels_last import ChannelsLastConv1d
from vits.fast.replacement import Table, replace_modules
from vits.fast.training import CHANNELS_LAST, TABLE
from vits.layers.masking import sequence_mask
from vits.models import Discriminators, Vits

Run = Callable[[nn.Module], Tensor]
Optimize = Callable[[nn.Module], nn.Module]


def boxes(batch: int, symbols: int, frames: int) -> dict[str, tuple[nn.Module, Run]]:
    """Each box with a run that gives a scalar to differentiate."""
    torch.manual_seed(0)
    config = VitsConfig()
    model, judges = Vits(config), Discriminators(**vars(config.discriminator))
    hidden, latent, segment = config.hidden_channels, config.latent_channels, config.segment_frames
    length = segment * config.audio.hop_length
    lengths = torch.full((batch,), frames)
    id_lengths = torch.full((batch,), symbols)
    mask, id_mask = sequence_mask(lengths, frames), sequence_mask(id_lengths, symbols)
    ids = torch.randint(config.n_symbols, (batch, symbols))
    durations = torch.randint(1, 6, (batch, 1, symbols))
    spectrogram = torch.rand(batch, config.audio.n_bins, frames)
    text, z = torch.randn(batch, hidden, symbols), torch.randn(batch, latent, frames)
    wave = torch.randn(batch, 1, length)
    cut, pair = torch.randn(batch, latent, segment), torch.randn(2 * batch, 1, length)

    def judge(module: nn.Module, wave: Tensor, trained: bool) -> Tensor:
        module.requires_grad_(trained)
        outputs = module(wave.requires_grad_(not trained))
        return sum_of(feature for output in outputs for feature in output.features)

    return {
        "text encoder": (model.text_encoder, lambda m: sum_of(m(ids, id_lengths).prior)),
        "posterior encoder": (
            model.posterior_encoder,
            lambda m: sum_of(m(spectrogram, lengths).distribution),
        ),
        "prior flow": (model.prior_flow, lambda m: sum_of([m(z, mask)[0]])),
        "duration predictor": (
            model.duration_predictor,
            lambda m: sum_of([m(text, id_mask, durations).loss]),
        ),
        "decoder": (model.decoder, lambda m: sum_of([m(cut)])),
        "D step": (judges, lambda m: judge(m, pair, trained=True)),
        "D in G's step": (deepcopy(judges), lambda m: judge(m, wave, trained=False)),
    }


def sum_of(tensors: Any) -> Tensor:
    """Add up the squares' means, so that every value has a gradient."""
    return torch.stack([x.square().mean() for x in tensors]).sum()


def timed(module: nn.Module, run: Run) -> tuple[float, float]:
    """CPU seconds of a forward and backward pass, and the norm of the gradients."""
    torch.manual_seed(1)
    module.zero_grad()
    started = time.process_time()
    run(module).backward()
    seconds = time.process_time() - started
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    return seconds, float(torch.nn.utils.get_total_norm(gradients, foreach=False))


def changes(module: nn.Module) -> dict[str, Optimize]:
    """Name what is computed faster in a box; the last of several is all of it."""
    kinds = dict.fromkeys(type(m) for m in module.modules())
    found: dict[str, Optimize] = {
        kind.__name__: partial(replace_modules, table={kind: TABLE[kind]})
        for kind in kinds
        if kind in TABLE
    }
    if any(kind in CHANNELS_LAST for kind in kinds):
        table: Table = {nn.Conv1d: ChannelsLastConv1d}
        below = dict.fromkeys(CHANNELS_LAST, table)
        found["Conv1d, channels last"] = partial(replace_modules, table={}, below=below)
    return found if len(found) == 1 else {**found, "all": optimize_for_training}


def compare(name: str, change: str, optimize: Optimize, rounds: int, box: Any) -> dict[str, Any]:
    """Time a box with all modules plain against the same with some of them fast."""
    module, run = box
    plain, fast = deepcopy(module), optimize(deepcopy(module))
    require_equal(name, plain, fast, run)
    pairs = []
    for number in range(rounds):
        order = (plain, fast) if number % 2 == 0 else (fast, plain)
        seconds = {id(form): timed(form, run)[0] for form in order}
        pairs.append((seconds[id(plain)], seconds[id(fast)]))
    return {
        "box": name,
        "layer": change,
        "plain_ms": round(1e3 * statistics.median(a for a, _ in pairs), 1),
        "fast_ms": round(1e3 * statistics.median(b for _, b in pairs), 1),
        "gain": round(statistics.median(a / b for a, b in pairs), 3),
    }


def require_equal(name: str, plain: nn.Module, fast: nn.Module, run: Run) -> None:
    """Stop where the two forms do not give the same gradients; this also warms both up."""
    dropouts = [m for form in (plain, fast) for m in form.modules() if isinstance(m, nn.Dropout)]
    shares = [dropout.p for dropout in dropouts]
    for dropout in dropouts:
        dropout.p = 0.0
    (_, one), (_, other) = timed(plain, run), timed(fast, run)
    for dropout, share in zip(dropouts, shares, strict=True):
        dropout.p = share
    if abs(one - other) > 1e-4 * abs(one):
        sys.exit(f"{name}: the gradients' norm {other} differs from the plain form's {one}")


def main() -> int:
    """Compare every layer in every box that has it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--symbols", type=int, default=181)
    parser.add_argument("--frames", type=int, default=560)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--boxes", nargs="*", help="only these boxes")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = []
    for name, box in boxes(args.batch, args.symbols, args.frames).items():
        if args.boxes and name not in args.boxes:
            continue
        for change, optimize in changes(box[0]).items():
            row = compare(name, change, optimize, args.rounds, box)
            print("{box:20s} {layer:24s} {plain_ms:9.1f} {fast_ms:9.1f} {gain:7.3f}".format(**row))
            sys.stdout.flush()
            rows.append(row)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
