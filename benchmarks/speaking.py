"""Measure the speed of synthesis in each precision, and the distance of its samples to float32.

    python benchmarks/speaking.py --config piper-medium --rounds 9 --json speaking.json

One sentence, six frames per symbol, synthesised by each engine in turn: this library in `plain`
(as training computes), `fp32` and `bf16`, and ONNX Runtime with our own export, if it is installed.
Weights are random with unit gain, so that the wave is not silent; speed does not depend on them.
Times are CPU time of text encoder, duration predictor, flow and decoder. RTF is the median over the
rounds, and a ratio is the median of the rounds' ratios: above 1 is faster than the engine in the
column's title. SNR compares the samples with those of `plain`; `stream` is the largest difference
between the joined stream and the whole wave, relative to the peak.
"""

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from vits.config import FrontendConfig, HifiGanConfig, VitsConfig
from vits.fast.cpu import computes_bf16
from vits.layers.flows import MeanCoupling
from vits.models import Vits
from vits.synthesis import Card, Settings, VoiceBundle, load, write_voice
from vits.synthesis.request import Request
from vits.text import Frontend, SymbolTable

CONFIGS = {
    "original": HifiGanConfig(),
    "piper-medium": HifiGanConfig(
        resblock="2",
        resblock_kernel_sizes=(3, 5, 7),
        resblock_dilations=((1, 2), (2, 6), (3, 12)),
        upsample_rates=(8, 8, 4),
        upsample_kernel_sizes=(16, 16, 8),
        initial_channels=256,
    ),
}
LETTERS = "abcdefghijklmnopqrstuvwxyz ,.!?'"
# An untrained predictor without noise gives one frame; 5.5 of them round up to six.
SETTINGS = Settings(noise_scale=0.0, noise_scale_duration=0.0, length_scale=5.5)
RESIDUAL_GAIN = 0.5  # of a convolution whose output is added to its input


def make_voice(config: str) -> VoiceBundle:
    """Make a random voice whose wave is neither silent nor clipped."""
    torch.manual_seed(0)
    frontend = Frontend(FrontendConfig(backend="graphemes"), SymbolTable.from_texts([LETTERS]))
    model = Vits(VitsConfig(n_symbols=len(frontend.symbols), decoder=CONFIGS[config])).eval()
    with torch.no_grad():
        for coupling in model.prior_flow.couplings:
            assert isinstance(coupling, MeanCoupling)
            nn.init.normal_(coupling.post.weight, 0, coupling.post.in_channels**-0.5)
        for module in model.decoder.modules():
            if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
                _set_unit_gain(module)
    card = Card(name=config, licence="CC0-1.0")
    return VoiceBundle(
        generator=model,
        frontend=frontend,
        fingerprint=frontend.fingerprint(),
        speakers=(),
        settings=SETTINGS,
        card=card,
    )


def _set_unit_gain(module: nn.Conv1d | nn.ConvTranspose1d) -> None:
    fan_in = module.in_channels * module.kernel_size[0]
    if isinstance(module, nn.ConvTranspose1d):
        fan_in //= module.stride[0]
    residual = module.in_channels == module.out_channels
    gain = RESIDUAL_GAIN if residual else 1.0
    value = torch.randn(module.weight.shape) * gain * fan_in**-0.5
    # a weight-normed module splits an assigned tensor; a plain one takes a parameter
    module.weight = value if is_parametrized(module) else nn.Parameter(value)


class Contender:
    """An engine and its timings."""

    def __init__(self, name: str, voice: Any, symbols: int) -> None:
        self.name, self.engine, self.seconds = name, voice._engine, []
        generator = np.random.default_rng(0)
        self.ids = [int(i) for i in generator.integers(1, len(LETTERS), symbols)]
        sample = self.engine.sample(self.ids, Request(seed=7, settings=SETTINGS))
        self.samples = self.engine.decode(sample)
        joined = np.concatenate(list(self.engine.decode_in_chunks(sample)))
        difference = np.abs(joined - self.samples).max() / np.abs(self.samples).max()
        self.stream = float(difference)

    def run(self) -> None:
        """Synthesise once."""
        started = time.process_time()
        self.engine.decode(self.engine.sample(self.ids, Request(seed=7, settings=SETTINGS)))
        self.seconds.append(time.process_time() - started)

    def row(self, others: dict[str, "Contender"]) -> dict[str, Any]:
        """Return the results, compared with the other engines."""
        plain, length = others["plain"], len(self.samples) / self.engine.sample_rate
        if self.samples.shape != plain.samples.shape:
            raise SystemExit(
                f"{self.name} gave {len(self.samples)} samples, plain {len(plain.samples)}"
            )
        noise = float(np.square(plain.samples - self.samples).sum())
        signal = float(np.square(plain.samples).sum())
        return {
            "engine": self.name,
            "rtf": round(statistics.median(self.seconds) / length, 5),
            "samples": len(self.samples),
            "ratios": {
                name: round(
                    statistics.median(
                        theirs / ours
                        for theirs, ours in zip(other.seconds, self.seconds, strict=True)
                    ),
                    3,
                )
                for name, other in others.items()
            },
            "snr_db": round(10 * float(np.log10(signal / noise)), 1) if noise else None,
            "stream": self.stream,
        }


def load_contenders(folder: Path, config: str, symbols: int) -> list[Contender]:
    """Write the voice, and load it in every available engine."""
    voice = write_voice(folder / "voice", make_voice(config))
    contenders = []
    for precision in ("plain", "fp32", "bf16"):
        contenders.append(Contender(precision, load(voice, precision=precision), symbols))
    if find_spec("onnxruntime") and find_spec("onnx"):
        from vits.export.write import write
        from vits.synthesis import read_voice

        write(read_voice(voice), folder / "graph", "onnx", "fp32")
        contenders.append(Contender("ort", load(folder / "graph"), symbols))
    return contenders


def main() -> int:
    """Run all engines in turn, and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", choices=CONFIGS, default="piper-medium")
    parser.add_argument("--symbols", type=int, default=100, help="in the sentence; 100 last 7 s")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the results to this file")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)  # read by our ONNX engine
    torch.set_num_threads(args.threads)
    warnings.simplefilter("ignore")  # the last line of the title reports missing bf16 instructions
    with TemporaryDirectory() as folder:
        contenders = load_contenders(Path(folder), args.config, args.symbols)
        for _ in range(args.rounds):
            for contender in contenders:
                contender.run()
    others = {contender.name: contender for contender in contenders}
    rows = [contender.row(others) for contender in contenders]
    length = rows[0]["samples"] / contenders[0].engine.sample_rate
    print(
        f"{args.config}: {length:.2f} s, {args.threads} thread(s), {args.rounds} rounds, "
        f"{torch.backends.cpu.get_cpu_capability()}, "
        f"bfloat16 instructions: {'yes' if computes_bf16() else 'no, computed in float32'}"
    )
    print(f"{'engine':8}{'RTF':>9}{''.join(f'{name:>9}' for name in others)}{'SNR':>10}  stream")
    for row in rows:
        ratios = "".join(f"{row['ratios'][name]:9.2f}" for name in others)
        snr = "exact" if row["snr_db"] is None else f"{row['snr_db']:.1f} dB"
        print(f"{row['engine']:8}{row['rtf']:9.4f}{ratios}{snr:>10}  {row['stream']:.1e}")
    if args.json:
        figures = {"config": args.config, "threads": args.threads, "rounds": args.rounds}
        figures |= {"bf16_instructions": computes_bf16(), "rows": rows}
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
