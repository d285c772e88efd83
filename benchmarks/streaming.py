"""Measure when a stream starts, what it costs compared with the whole, and whether it is equal.

    python benchmarks/streaming.py --threads 1 --rounds 7 --json streaming.json
    python benchmarks/streaming.py --configs tiny --long 100000

The weights are random; the length scale is set so that one sentence of 150 characters lasts
`--seconds`. Times are CPU times of the whole call: espeak-ng, text encoder, durations, flow and
decoder. `first` is the time to the first chunk and `total` that of all chunks, both relative to the
time of the whole in the same round, medians over the rounds; `largest difference` is relative to
the peak. Each configuration runs in its own process, since the allocator of a process that has held
a larger model keeps memory that it would otherwise return after each sentence. `--long` also
streams a text of so many characters, and reports how much more memory that took at its peak than
one sentence, synthesised whole.
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from decoders import load_configs
from measure import peak_memory

from vits.config import FrontendConfig, VitsConfig
from vits.models import Vits
from vits.synthesis import Voice, VoiceBundle
from vits.text import Frontend, SymbolTable

TEXT = (
    "The old bridge is warm in the morning, and the garden behind the house is blue; "
    "somebody sings a song about the sea, while the boats go out one by one"
)
HEADER = (
    f"{'configuration':20s} {'seconds':>8s} {'chunks':>6s} {'first':>8s} {'whole':>8s} "
    f"{'first':>7s} {'total':>6s} {'difference':>10s}"
)
LINE = (
    "{name:20s} {seconds:8.2f} {chunks:6d} {first_s:6.3f} s {whole_s:6.3f} s "
    "{first:7.1%} {total:6.3f} {difference:10.1e}"
)


class Contender:
    """A voice with random weights whose sentence lasts a given time."""

    def __init__(self, name: str, config: VitsConfig, seconds: float) -> None:
        torch.manual_seed(0)
        frontend = Frontend(FrontendConfig(), SymbolTable.default())
        config = replace(config, n_symbols=len(frontend.symbols))
        model = Vits(config)
        for key, parameter in model.prior_flow.named_parameters():
            if key.endswith("post.weight"):  # starts at zero, which would hide errors
                torch.nn.init.normal_(parameter, 0, 0.05)
        bundle = VoiceBundle(
            generator=model,
            frontend=frontend,
            fingerprint=frontend.fingerprint(),
            speakers=(),
        )
        self.name, self.voice = name, Voice(bundle)
        self.settings: dict[str, Any] = {"seed": 1, "noise_scale_duration": 0.0}
        low, high = 0.01, 10.0
        for _ in range(12):
            scale = (low * high) ** 0.5
            low, high = (scale, high) if self._seconds(scale) < seconds else (low, scale)
        self.settings["length_scale"] = high
        self.rounds: list[tuple[float, float, float]] = []
        self.chunks = 0
        self.seconds = self.difference = 0.0

    def _seconds(self, length_scale: float) -> float:
        """Return the length of the sentence without noise."""
        ids = self.voice.frontend.encode(TEXT).ids
        with torch.inference_mode():
            model = self.voice._engine.model
            text = model.encode(torch.tensor([ids]), torch.tensor([len(ids)]))
            quiet = torch.zeros(1, 2, len(ids))
            frames = model.predict_durations(text, length_scale=length_scale, noise=quiet)
        audio = model.config.audio
        return int(frames.sum()) * audio.hop_length / audio.sample_rate

    def run(self) -> None:
        """Synthesise the sentence whole and as a stream."""
        started = time.process_time()
        whole = self.voice(TEXT, **self.settings)
        between = time.process_time()
        stream = self.voice.stream(TEXT, **self.settings)
        chunks = [next(stream).samples]
        first = time.process_time()
        chunks += [chunk.samples for chunk in stream]
        self.rounds.append((between - started, first - between, time.process_time() - between))
        joined = np.concatenate(chunks)
        if joined.shape != whole.samples.shape:
            raise ValueError(f"{self.name}: {joined.shape} samples are not {whole.samples.shape}")
        peak = float(np.abs(whole.samples).max())
        self.difference = float(np.abs(joined - whole.samples).max()) / peak
        self.chunks, self.seconds = len(chunks), whole.seconds

    def row(self) -> dict[str, Any]:
        """Return the results; the first round only warms up."""
        rounds = self.rounds[1:]
        return {
            "name": self.name,
            "seconds": self.seconds,
            "chunks": self.chunks,
            "first_s": statistics.median(first for _, first, _ in rounds),
            "whole_s": statistics.median(whole for whole, _, _ in rounds),
            "first": statistics.median(first / whole for whole, first, _ in rounds),
            "total": statistics.median(total / whole for whole, _, total in rounds),
            "difference": self.difference,
        }

    def speak_long(self, characters: int) -> dict[str, float]:
        """Stream a long text; return its length (s) and its extra peak memory (MiB)."""
        text = (f"{TEXT}. " * (characters // (len(TEXT) + 2) + 1))[:characters]
        self.voice(TEXT, **self.settings)
        before = peak_memory(torch.device("cpu"))
        seconds = sum(chunk.seconds for chunk in self.voice.stream(text, **self.settings))
        more = peak_memory(torch.device("cpu")) - before
        return {"long_seconds": seconds, "long_mib": more / 2**20}


def measure(args: argparse.Namespace, name: str) -> dict[str, Any]:
    """Measure one configuration; to be called in a process of its own."""
    torch.set_num_threads(args.threads)
    contender = Contender(name, load_configs([name])[name], args.seconds)
    for _ in range(args.rounds + 1):
        contender.run()
    row = contender.row()
    return row | contender.speak_long(args.long) if args.long else row


def main() -> int:
    """Measure one configuration after the other, and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configs", nargs="*", default=["tiny", "ljspeech", "small"])
    parser.add_argument("--seconds", type=float, default=10.0, help="of the sentence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--long", type=int, metavar="CHARACTERS", help="also stream a long text")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(HEADER)
    with get_context("spawn").Pool(1, maxtasksperchild=1) as alone:
        for row in alone.imap(partial(measure, args), args.configs):
            rows.append(row)
            print(LINE.format(**row), flush=True)
            if args.long:
                print("    {long_seconds:.0f} s of speech, {long_mib:.0f} MiB more".format(**row))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
