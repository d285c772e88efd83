"""Does the Triton kernel of the alignment search find the paths of the compiled loop?

    python benchmarks/triton_search.py --shapes 320
    python benchmarks/triton_search.py --shapes 2000 --device cuda

Batches of random shapes and lengths, half of them with ties. On a CPU Triton interprets the kernel.
"""

import argparse
import os
import sys
import time

import torch

from vits.alignment import monotonic_alignment_search


def batch_of(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Draw scores (B, T, S), symbol lengths (B,) and frame lengths (B,)."""
    generator = torch.Generator().manual_seed(seed)

    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    size, n_symbols, extra = integer(1, 3), integer(1, 40), integer(0, 30)
    shape = (size, n_symbols + extra, n_symbols)
    scores = torch.randn(shape, generator=generator)
    scores = scores.round() if seed % 2 else scores  # whole numbers make ties
    symbols = [integer(1, n_symbols) for _ in range(size)]
    frames = [integer(n, n_symbols + extra) for n in symbols]
    return scores, torch.tensor(symbols), torch.tensor(frames)


def main() -> int:
    """Compare, and print the first difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--shapes", type=int, default=320)
    args = parser.parse_args()
    if args.device == "cpu":
        os.environ["TRITON_INTERPRET"] = "1"  # read when the kernel's module is imported
    start = time.perf_counter()
    for seed in range(args.shapes):
        batch = batch_of(seed)
        expected = monotonic_alignment_search(*batch, backend="numba")
        on_device = [x.to(args.device) for x in batch]
        found = monotonic_alignment_search(*on_device, backend="triton").cpu()
        if not torch.equal(found, expected):
            print(f"batch {seed} of shape {tuple(batch[0].shape)} differs")
            return 1
    print(f"{args.shapes} of {args.shapes} equal, {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
