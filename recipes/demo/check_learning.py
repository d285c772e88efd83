"""Check what a run has learned: the fall of the mel loss, and the quality of its alignments.

The losses come from the log. Training utterances are aligned with the averaged weights of the
newest checkpoint. A learned alignment must be monotonic, cover every symbol, and have a higher
likelihood than symbols of equal length.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

import torch
from torch import Tensor

from vits.alignment import durations_to_index, durations_to_path, prior_log_likelihood
from vits.audio.spectrogram import Spectrogram
from vits.data.prepared.batch import Batch, collate
from vits.data.prepared.dataset import PreparedDataset
from vits.models import Vits
from vits.synthesis import bundle_checkpoint, find_checkpoint
from vits.training.callbacks.curves import read_history

FIRST_STEP = 20  # the loss is compared from this step; earlier steps only find the level
N_LAST = 5  # last logged values are averaged against the noise of random segments


def mel_losses(run: Path) -> tuple[float, float]:
    """Return the mel loss at step ``FIRST_STEP`` and at the end of a run."""
    steps, values = read_history(run / "history.csv")["train/mel"]
    return values[steps.index(FIRST_STEP)], statistics.mean(values[-N_LAST:])


def align(model: Vits, batch: Batch) -> tuple[Tensor, float]:
    """Return the path (T, S) of an utterance and its gain over equal lengths (nats per frame)."""
    frames = batch.wave_lengths // model.config.audio.hop_length
    spectrogram = Spectrogram(model.config.audio)(batch.wave, batch.wave_lengths)
    with torch.no_grad():
        text = model.text_encoder(batch.ids, batch.id_lengths)
        posterior = model.posterior_encoder(spectrogram, frames)
        z_prior, _ = model.prior_flow(posterior.distribution.mean, posterior.mask)
        durations = model.align(text, z_prior, batch.id_lengths, frames)
        scores = prior_log_likelihood(z_prior, text.prior.mean, text.prior.log_std)[0]
    n_frames, n_symbols = scores.shape
    edges = torch.arange(n_symbols + 1) * n_frames // n_symbols
    learned = durations_to_index(durations, n_frames)[0]
    uniform = durations_to_index(edges.diff().unsqueeze(0), n_frames)[0]
    frame = torch.arange(n_frames)
    gain = (scores[frame, learned] - scores[frame, uniform]).mean().item()
    return durations_to_path(durations, n_frames)[0], gain


def check(run: Path, data: Path, n_utterances: int) -> dict[str, float | int | bool]:
    """Return the measurements of a run by name."""
    first, last = mel_losses(run)
    model = bundle_checkpoint(find_checkpoint(run)).generator.eval()
    dataset = PreparedDataset(data)
    monotonic = covered = symbols = 0
    gains: list[float] = []
    chosen = range(0, len(dataset), max(1, len(dataset) // n_utterances))[:n_utterances]
    for i in chosen:
        path, gain = align(model, collate([dataset[i]], dataset.audio.hop_length))
        moves = path.argmax(1).diff()
        monotonic += bool(((moves == 0) | (moves == 1)).all())
        covered += int((path.sum(0) >= 1).sum())
        symbols += path.shape[1]
        gains.append(gain)
    return {
        "mel at step 20": round(first, 3),
        "mel at the end": round(last, 3),
        "mel fell to": round(last / first, 3),
        "utterances aligned": len(gains),
        "monotonic": monotonic,
        "symbols covered": covered,
        "symbols": symbols,
        "gain over equal lengths (nats per frame)": round(statistics.mean(gains), 2),
        "learned": last <= first / 2
        and monotonic == len(gains)
        and covered == symbols
        and min(gains) > 0,
    }


def main() -> int:
    """Print the measurements; exit with 1 if the run has not learned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("data", type=Path, help="prepared data it was trained on")
    parser.add_argument("--utterances", type=int, default=20, help="how many to align")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    args = parser.parse_args()
    result = check(args.run, args.data, args.utterances)
    if args.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:42s} {value}")
    return 0 if result["learned"] else 1


if __name__ == "__main__":
    sys.exit(main())
