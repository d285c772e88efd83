"""What is compared, as functions that speak: ``system(text, seed) -> Speech``."""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from recipes.baselines.mel import GriffinLim
from recipes.baselines.tacotron import Acoustic
from recipes.baselines.vocoders import HifiGanVocoder, Vocoder, WaveGlowVocoder
from vits.evaluation import Item
from vits.layers.folding import fold_weight_norm
from vits.models.vits import Vits
from vits.synthesis import Speech
from vits.text import Frontend

__all__ = ["System", "TwoStages", "count_parameters", "speak_timed"]

System = Callable[[str, int], Speech]
"""Maps a text and a seed to speech."""


class TwoStages:
    """Tacotron 2 and a vocoder.

    Args:
        acoustic: text to mel spectrogram.
        vocoder: mel spectrogram to wave.
        frontend: text to symbols.
        sample_rate: of the wave (Hz).
        longest: frames for each symbol after which a sentence that does not stop is cut.

    Attributes:
        cut: the sentences that did not stop.
    """

    def __init__(
        self,
        acoustic: Acoustic,
        vocoder: Vocoder | GriffinLim,
        frontend: Frontend,
        sample_rate: int,
        longest: float,
    ) -> None:
        self.acoustic, self.frontend = acoustic.eval(), frontend
        self.sample_rate, self.longest, self.cut = sample_rate, longest, set[str]()
        self.vocoder: Callable[[Tensor], Tensor] = vocoder
        if isinstance(vocoder, Vocoder):
            fold_weight_norm(vocoder)
            self.vocoder = vocoder.eval().speak

    def __call__(self, text: str, seed: int) -> Speech:
        """Speak a sentence; the seed is that of Tacotron's dropout and of WaveGlow's noise."""
        torch.manual_seed(seed)
        ids = self.frontend.encode(text, unknown="drop", ending="sentence").ids
        mel, stopped = self.acoustic.speak(torch.tensor(ids), self.longest)
        if not stopped:
            self.cut.add(text)
        wave = self.vocoder(mel)[0, 0].clamp(-1, 1)
        return Speech(wave.numpy(), self.sample_rate, seed=seed)


def speak_timed(
    system: System, items: Sequence[Item], seed: int = 1
) -> Callable[[int], tuple[Speech, float]]:
    """Return what ``evaluate_speech`` takes: speech of an item, and the CPU time it took (s).

    Before the first item is counted, it is spoken once as a warm-up.
    """

    def speak(index: int) -> tuple[Speech, float]:
        if index == 0:
            system(items[0].text, seed)
        start = time.process_time()
        speech = system(items[index].text, seed + index)
        return speech, time.process_time() - start

    return speak


def count_parameters(*parts: nn.Module | None) -> int:
    """Return the number of weights that speaking needs, weight normalisation folded."""
    boxes: list[nn.Module | None] = []
    for part in parts:
        if isinstance(part, Vits):
            boxes += [part.text_encoder, part.duration_predictor, part.prior_flow, part.decoder]
        elif isinstance(part, HifiGanVocoder):
            boxes.append(part.decoder)
        elif isinstance(part, WaveGlowVocoder | Acoustic):
            boxes.append(part.network)
    return sum(p.numel() for box in boxes if box is not None for p in box.parameters())
