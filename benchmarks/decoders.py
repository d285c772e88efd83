"""How big and how fast is each decoder? Every configuration speaks the same number of symbols.

    python benchmarks/decoders.py --threads 1 --rounds 7 --json decoders.json

The weights are drawn, not trained, and every symbol lasts six frames: speed depends on neither. The
real-time factor is CPU time over the duration of the speech, the median over the rounds, in which
the configurations take turns; `whole` is text encoder, duration predictor, flow and decoder, and no
front end. Parameters are those a voice speaks with: weight norm folded, no posterior encoder.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

from vits.config import VitsConfig, from_dict
from vits.fast import optimize_for_training
from vits.models import Vits
from vits.models.decoder_streaming import partial_decoder

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
FRAMES_OF_A_SYMBOL = 6
HEADER = (
    f"{'configuration':26s} {'decoder':>9s} {'whole':>9s} {'context':>8s} {'RTF':>8s} {'whole':>8s}"
)
LINE = (
    "{name:26s} {decoder_parameters:9,d} {parameters:9,d} {context_ms:5.0f} ms "
    "{decoder_rtf:8.4f} {rtf:8.4f}"
)


def load_configs(names: list[str]) -> dict[str, VitsConfig]:
    """Read configurations by the names of their files; `+stream` makes a decoder multi-stream."""
    configs = {}
    for name in names:
        file, _, stream = name.partition("+")
        values = yaml.safe_load((CONFIGS / f"{file}.yaml").read_text(encoding="utf-8"))
        model = values.get("model", {}).get("config", {})
        if stream:
            model["decoder"]["trainable_filterbank"] = True
        configs[name] = from_dict(VitsConfig, model)
    return configs


def count(module: nn.Module) -> int:
    """Count the parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


class Contender:
    """A model that speaks, and the rounds it has taken part in."""

    def __init__(self, name: str, config: VitsConfig, symbols: int) -> None:
        torch.manual_seed(0)
        self.config, self.name = config, name
        self.model = Vits(config).eval()
        self.model.fold_weight_norm()
        optimize_for_training(self.model)
        self.ids = torch.randint(config.n_symbols, (1, symbols))
        self.durations = torch.full((1, symbols), FRAMES_OF_A_SYMBOL)
        frames = symbols * FRAMES_OF_A_SYMBOL
        self.z = torch.randn(1, config.latent_channels, frames)
        self.seconds = frames * config.audio.hop_length / config.audio.sample_rate
        self.decoding: list[float] = []
        self.speaking: list[float] = []

    @torch.inference_mode()
    def take_part(self) -> None:
        """Speak and decode once."""
        lengths, model = torch.tensor([self.ids.shape[1]]), self.model
        self.decoding.append(timed(lambda: model.decoder(self.z)) / self.seconds)
        # the predictor works too, though its durations are not used
        predict = model.duration_predictor.predict
        text = model.text_encoder(self.ids, lengths)
        noise = torch.randn(1, 2, self.ids.shape[1])
        predicting = timed(lambda: predict(text.hidden, text.mask, None, noise=noise))
        speaking = timed(lambda: model.infer(self.ids, lengths, durations=self.durations))
        self.speaking.append((predicting + speaking) / self.seconds)

    def row(self) -> dict[str, Any]:
        """Return what was found; the first round only warms up."""
        audio = self.config.audio
        frames = partial_decoder(self.model.decoder).receptive_radius
        context = frames * audio.hop_length / audio.sample_rate
        return {
            "name": self.name,
            "decoder_parameters": count(self.model.decoder),
            "parameters": count(self.model) - count(self.model.posterior_encoder),
            "context_ms": 1000 * context,
            "decoder_rtf": round(statistics.median(self.decoding[1:]), 5),
            "rtf": round(statistics.median(self.speaking[1:]), 5),
        }


def timed(run: Callable[[], Any]) -> float:
    """Return the CPU seconds of a run."""
    started = time.process_time()
    run()
    return time.process_time() - started


def main() -> int:
    """Let all configurations take turns, and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    multi_band = "ljspeech_mb_istft"
    names = ["ljspeech", multi_band, f"{multi_band}+stream", "ljspeech_convnext", "small"]
    parser.add_argument("--configs", nargs="*", default=names)
    parser.add_argument("--symbols", type=int, default=70, help="of the sentence that is spoken")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    configs = load_configs(args.configs)
    contenders = [Contender(name, config, args.symbols) for name, config in configs.items()]
    for _ in range(args.rounds + 1):
        for contender in contenders:
            contender.take_part()
    rows = [contender.row() for contender in contenders]
    print(HEADER)
    for row in rows:
        print(LINE.format(**row))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
