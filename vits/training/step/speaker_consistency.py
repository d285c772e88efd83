"""Speaker consistency: a speaker encoder hears the same speaker in both segments."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vits.audio.resample import resample
from vits.audio.speaker_encoders.encoder import RATE, RESEMBLYZER, open_differentiable
from vits.config import SpeakerVectorsConfig
from vits.errors import ConfigError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SpeakerConsistencyLoss", "open_consistency_loss"]

TARGET_RMS = 10 ** (-23 / 20)  # what encoders are trained on, as in ``speech_of``
FAINTEST_RMS = 10 ** (-60 / 20)


class SpeakerConsistencyLoss(nn.Module):
    """1 minus the cosine of the speaker vectors of generated and recorded segment, mean over both.

    YourTTS subtracts the cosine itself; the gradients are the same. Both segments get the gain that
    brings the recorded one to -23 dBFS, so that the loss is of the voice and not of the level.

    The encoder is no submodule, so its weights are in no checkpoint; it moves with the loss.

    Source: YourTTS (Casanova et al., ICML 2022, arXiv:2112.02418), section 2.2, equation 1.

    Args:
        encoder: name of a differentiable speaker encoder.
        sample_rate: of the waves (Hz).

    Raises:
        ConfigError: the encoder has no gradient.
        MissingExtraError: the package that it needs is not installed.
    """

    def __init__(self, encoder: str, sample_rate: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        network = open_differentiable(encoder)
        assert isinstance(network, nn.Module)
        self._hidden = (network,)  # a tuple hides it from the module
        self._embed_speech = network.embed

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        """Compare two waves (B, 1, L); only ``fake`` gets a gradient.

        Returns:
            Scalar in [0, 2], computed in float32 whatever the autocast.
        """
        with torch.autocast(fake.device.type, enabled=False):
            dtype = torch.promote_types(fake.dtype, torch.float32)
            fake, real = fake[:, 0].to(dtype), real[:, 0].detach().to(dtype)
            rms = real.square().mean(1, keepdim=True).sqrt().clamp(min=FAINTEST_RMS)
            gain = TARGET_RMS / rms
            similarity = self._embed(fake * gain) * self._embed(real * gain)
            return 1 - similarity.sum(1).mean()

    def _embed(self, wave: Tensor) -> Tensor:
        """Return unit vectors (B, V) of waves (B, L)."""
        return self._embed_speech(resample(wave, self.sample_rate, RATE))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Self":
        """Move or convert the encoder as well."""
        self._hidden[0]._apply(fn, recurse)
        return super()._apply(fn, recurse)


def open_consistency_loss(
    vectors: SpeakerVectorsConfig | None, sample_rate: int
) -> SpeakerConsistencyLoss:
    """Build the loss by the encoder of a voice's speaker vectors, or else by resemblyzer.

    Raises:
        ConfigError: the encoder has no gradient; the message names the key.
        MissingExtraError: the package that it needs is not installed.
    """
    encoder = RESEMBLYZER if vectors is None else vectors.encoder
    try:
        return SpeakerConsistencyLoss(encoder, sample_rate)
    except ConfigError as error:
        raise ConfigError(
            f"loss_weights.speaker_consistency must be 0 for these speaker vectors: {error}; "
            "prepare the data with --speaker-vectors resemblyzer"
        ) from error
