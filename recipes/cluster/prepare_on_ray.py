"""Prepare a large corpus on a Ray cluster, one task a shard.

    pip install ray
    python recipes/cluster/prepare_on_ray.py --shards 16 --cpus 8 corpus -o /shared/prepared

What follows the two numbers are the arguments of ``vits prepare``; the corpus and the output lie on
storage that all machines share. A shard whose machine is lost is run again, and goes on where it
was. Ray's address is that of the variable RAY_ADDRESS; without it, this machine is the cluster.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

__all__ = ["main", "shard_arguments"]


def shard_arguments(arguments: Sequence[str], index: int, shards: int, cpus: int) -> list[str]:
    """Return the command line of ``vits`` for one shard.

    >>> shard_arguments(["corpus", "-o", "out"], 2, 16, 8)[3:]
    ['out', '--shard', '2/16', '--workers', '8']
    """
    return ["prepare", *arguments, "--shard", f"{index}/{shards}", "--workers", str(cpus)]


def prepare_shard(arguments: list[str]) -> int:
    """Run ``vits`` with these arguments and return its exit status."""
    from vits.cli import main as vits

    return vits(arguments)


def main(argv: Sequence[str] | None = None, ray: Any = None) -> int:
    """Prepare all shards and return the largest exit status.

    Args:
        argv: arguments; None: those of ``sys.argv``.
        ray: the package; None: imported.
    """
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], allow_abbrev=False
    )
    parser.add_argument("--shards", type=int, required=True, help="number of parts of the corpus")
    parser.add_argument("--cpus", type=int, default=1, help="workers of each shard (%(default)s)")
    args, arguments = parser.parse_known_args(argv)
    ray = ray or import_module("ray")
    ray.init(log_to_driver=True)
    task = ray.remote(num_cpus=args.cpus, max_retries=3)(prepare_shard)
    indices = range(1, args.shards + 1)
    commands = [shard_arguments(arguments, index, args.shards, args.cpus) for index in indices]
    return max(ray.get([task.remote(command) for command in commands]))


if __name__ == "__main__":
    sys.exit(main())
