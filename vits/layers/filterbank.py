"""Pseudo-QMF filterbank: splits a wave into bands at a lower rate, and combines them again."""

import math
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["PseudoQmf"]

N_TAPS_FOR_BAND = 24  # 96 taps and one of 4 bands: an error of about -80 dB
KAISER_BETA = 9.0  # the stop band lies about 90 dB down


class PseudoQmf(nn.Module):
    """Cosine-modulated filterbank with nearly perfect reconstruction.

    h_k[n] = sqrt(2) p[n] cos((2k + 1) pi / (2M) (n - (N - 1) / 2) + (-1)^k pi / 4), shifted by
    multiples of M, are nearly an orthonormal basis: analysis computes the coefficients, synthesis
    sums the basis. A band has the level of its part of the wave. The prototype p is a Kaiser-
    windowed low pass whose cut-off makes |P(w)|^2 + |P(pi / M - w)|^2 nearest to 1.

    Source: Nguyen 1994, "Near-perfect-reconstruction pseudo-QMF banks"; in vocoders Yu et al. 2020
    (MB-MelGAN), arXiv:2005.05106, section 2.

    Args:
        n_bands: M, at least 2.
    """

    filters: Tensor

    def __init__(self, n_bands: int) -> None:
        super().__init__()
        self.n_bands = n_bands
        prototype = _prototype(n_bands)
        n_taps = len(prototype)
        # on the CPU, where the prototype is, whatever the default device
        position = torch.arange(n_taps, dtype=torch.float64, device="cpu") - (n_taps - 1) / 2
        band = torch.arange(n_bands, dtype=torch.float64, device="cpu")[:, None]
        angle = (2 * band + 1) * math.pi / (2 * n_bands) * position
        sign = torch.where(band % 2 == 0, 1.0, -1.0).float() * math.pi / 4
        filters = math.sqrt(2) * prototype * torch.cos(angle + sign)  # each of energy 1
        self.register_buffer("filters", filters[:, None].float(), persistent=False)

    def analysis(self, wave: Tensor) -> Tensor:
        """Split a wave (B, 1, L), L a multiple of M, into bands (B, M, L / M)."""
        filters = self.filters.to(wave.dtype) / math.sqrt(self.n_bands)
        after = filters.shape[2] - 1 - self._before
        return functional.conv1d(
            functional.pad(wave, (self._before, after)), filters, stride=self.n_bands
        )

    def synthesis(self, bands: Tensor) -> Tensor:
        """Combine bands (B, M, T) into a wave (B, 1, T * M)."""
        filters = self.filters.to(bands.dtype) * math.sqrt(self.n_bands)
        wave = functional.conv_transpose1d(bands, filters, stride=self.n_bands)
        return wave[..., self._before : self._before + bands.shape[2] * self.n_bands]

    @property
    def _before(self) -> int:
        """Samples of a filter before its centre."""
        return (self.filters.shape[2] - 1) // 2


@cache
def _prototype(n_bands: int) -> Tensor:
    """Design the low pass (N,), float64."""
    from scipy import optimize, signal  # takes a second to import; few voices have bands

    n_taps = N_TAPS_FOR_BAND * n_bands

    def design(cutoff: float) -> Tensor:
        taps = signal.firwin(n_taps, cutoff, window=("kaiser", KAISER_BETA))  # pyright: ignore[reportArgumentType]
        return torch.from_numpy(taps)

    def error(cutoff: float) -> float:
        taps = design(cutoff)
        response = functional.conv1d(taps[None, None], taps[None, None], padding=n_taps - 1)[0, 0]
        rest = response[n_taps - 1 :: 2 * n_bands][1:]  # zero in a Nyquist filter
        return float(rest.abs().max() / response[n_taps - 1])

    middle = 0.5 / n_bands
    best = optimize.minimize_scalar(error, bounds=(middle, 2 * middle), method="bounded")
    taps = design(float(best.x))  # pyright: ignore[reportAttributeAccessIssue]
    return taps / taps.square().sum().sqrt()
