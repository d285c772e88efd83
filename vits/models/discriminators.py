"""Discriminators (figure 1): of waves by scale, period and spectrogram; and of durations."""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from vits.config import AdversarialDurationConfig, VitsConfig
from vits.layers.residual import LEAKY_SLOPE
from vits.models.durations import DurationDiscriminator
from vits.models.outputs import DiscriminatorOutput
from vits.models.spectrogram_discriminator import SpectrogramDiscriminator

__all__ = [
    "Discriminators",
    "PeriodDiscriminator",
    "ScaleDiscriminator",
    "build_discriminators",
]

PERIOD_KERNEL, PERIOD_STRIDE = 5, 3
SCALE_KERNELS = (15, 41, 41, 41, 41, 5)
SCALE_STRIDES = (1, 4, 4, 4, 4, 1)


class PeriodDiscriminator(nn.Module):
    """Convolutions along every ``period``-th sample.

    Source: Kong et al. 2020, arXiv:2010.05646, section 2.3.
    """

    def __init__(self, period: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.period = period
        self.convolutions = nn.ModuleList()
        n_in = 1
        for i, n_out in enumerate(channels):
            stride = 1 if i == len(channels) - 1 else PERIOD_STRIDE
            convolution = nn.Conv2d(
                n_in, n_out, (PERIOD_KERNEL, 1), (stride, 1), (PERIOD_KERNEL // 2, 0)
            )
            self.convolutions.append(weight_norm(convolution))
            n_in = n_out
        self.post = weight_norm(nn.Conv2d(n_in, 1, (3, 1), padding=(1, 0)))

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Score a wave (B, 1, L), L at least twice the period; features are (B, C, T, P)."""
        return _score(self.fold(wave), self.convolutions, self.post)

    def fold(self, wave: Tensor) -> Tensor:
        """Fold a wave (B, 1, L), extended by reflection, to (B, 1, L / P, P)."""
        missing = -wave.shape[2] % self.period
        x = functional.pad(wave, (0, missing), "reflect") if missing else wave
        return x.unflatten(2, (-1, self.period))


class ScaleDiscriminator(nn.Module):
    """Grouped convolutions over the raw wave.

    Source: Kumar et al. 2019 (MelGAN), arXiv:1910.06711; the first scale of HiFi-GAN's.
    """

    def __init__(self, channels: tuple[int, ...], groups: tuple[int, ...]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        n_in = 1
        for n_out, group, size, stride in zip(
            channels, groups, SCALE_KERNELS, SCALE_STRIDES, strict=True
        ):
            convolution = nn.Conv1d(n_in, n_out, size, stride, size // 2, groups=group)
            self.convolutions.append(weight_norm(convolution))
            n_in = n_out
        self.post = weight_norm(nn.Conv1d(n_in, 1, 3, padding=1))

    def forward(self, wave: Tensor) -> DiscriminatorOutput:
        """Score a wave (B, 1, L); features are (B, C, T)."""
        return _score(wave, self.convolutions, self.post)


class Discriminators(nn.Module):
    """All discriminators.

    Attributes:
        members: of waves: scale, if any, then one for each period, then one for each resolution.
        durations: of durations, or None.
    """

    def __init__(
        self,
        *,
        periods: tuple[int, ...],
        period_channels: tuple[int, ...],
        scale_channels: tuple[int, ...],
        scale_groups: tuple[int, ...],
        resolutions: tuple[int, ...] = (),
        resolution_channels: int = 0,
        durations: DurationDiscriminator | None = None,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList()
        if scale_channels:
            self.members.append(ScaleDiscriminator(scale_channels, scale_groups))
        self.members.extend(PeriodDiscriminator(period, period_channels) for period in periods)
        self.members.extend(SpectrogramDiscriminator(n, resolution_channels) for n in resolutions)
        self.durations = durations

    def forward(self, wave: Tensor) -> list[DiscriminatorOutput]:
        """Score a wave (B, 1, L) with every member."""
        return [member(wave) for member in self.members]


def build_discriminators(config: VitsConfig) -> Discriminators:
    """Build the discriminators of a model: of waves, and of durations that have one."""
    predictor, durations = config.duration_predictor, None
    if isinstance(predictor, AdversarialDurationConfig):
        durations = DurationDiscriminator(
            config.hidden_channels + (config.language_channels if config.n_languages else 0),
            predictor.filter_channels,
            kernel_size=predictor.kernel_size,
            conditioning_channels=config.speaker_channels if config.n_speakers > 1 else 0,
        )
    return Discriminators(**vars(config.discriminator), durations=durations)


def _score(x: Tensor, convolutions: nn.ModuleList, post: nn.Module) -> DiscriminatorOutput:
    """Run leaky convolutions and keep the result of each; the last one is the score."""
    features: list[Tensor] = []
    for convolution in convolutions:
        x = functional.leaky_relu(convolution(x), LEAKY_SLOPE)
        features.append(x)
    features.append(post(x))
    return DiscriminatorOutput(features[-1].flatten(1), tuple(features))
