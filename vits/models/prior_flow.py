"""Prior flow: latent <-> prior space (figure 1: flow f)."""

from torch import Tensor, nn

from vits.config import FlowTransformerConfig
from vits.layers.attention import TransformerEncoder
from vits.layers.flows import Flip, MeanCoupling

__all__ = ["PriorFlow"]


class PriorFlow(nn.Module):
    """Mean couplings, each followed by a channel flip; volume-preserving.

    Source: VITS section 2.1.3; the couplings shift only, so the log-determinant is 0. Transformers
    in the couplings are those of VITS2 (Kong et al. 2023, arXiv:2307.16430, section 2.3).

    Attributes:
        receptive_radius: frames on either side of a frame that its output depends on, forward and
            inverse; every coupling contributes equally. None: on all, through transformers.
    """

    def __init__(
        self,
        latent_channels: int,
        hidden_channels: int,
        *,
        kernel_size: int,
        dilation_rate: int,
        n_layers: int,
        n_flows: int,
        conditioning_channels: int = 0,
        transformer: FlowTransformerConfig | None = None,
    ) -> None:
        super().__init__()

        def attend() -> TransformerEncoder | None:
            return transformer and TransformerEncoder(hidden_channels, **vars(transformer))

        couplings = [
            MeanCoupling(
                latent_channels,
                hidden_channels,
                kernel_size,
                dilation_rate,
                n_layers,
                conditioning_channels,
                attend(),
            )
            for _ in range(n_flows)
        ]
        self.couplings = nn.ModuleList(couplings)
        radii = [coupling.receptive_radius for coupling in couplings]
        self.receptive_radius = None if transformer else sum(r for r in radii if r is not None)
        self.flip = Flip()

    def forward(
        self, z: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map the latent to prior space.

        Args:
            z: (B, C, T).
            mask: (B, 1, T).
            conditioning: (B, G, 1) speaker, or None.

        Returns:
            z in prior space (B, C, T), and the log-determinant (B,), which is 0.
        """
        log_det = z.new_zeros(z.shape[0])
        for coupling in self.couplings:
            z, _ = coupling(z, mask, conditioning)
            z, _ = self.flip(z, mask)
        return z, log_det

    def inverse(self, z: Tensor, mask: Tensor, conditioning: Tensor | None = None) -> Tensor:
        """Map prior space (B, C, T) back to the latent (B, C, T); arguments as ``forward``."""
        for step in range(len(self.couplings)):
            z = self.inverse_step(step, z, mask, conditioning)
        return z

    def inverse_step(
        self, step: int, z: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> Tensor:
        """Invert one coupling of ``inverse``; ``step`` 0 is the one next to prior space."""
        coupling = self.couplings[len(self.couplings) - 1 - step]
        assert isinstance(coupling, MeanCoupling)
        return coupling.inverse(self.flip.inverse(z, mask), mask, conditioning)
