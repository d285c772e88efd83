"""Prior flow: latent <-> prior space (figure 1: flow f)."""

from torch import Tensor, nn

from vits.layers.flows import Flip, MeanCoupling

__all__ = ["PriorFlow"]


class PriorFlow(nn.Module):
    """Mean couplings with a channel flip after each; volume-preserving.

    Source: VITS section 2.1.3; the couplings shift only, so the log-determinant is 0.
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
    ) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(
            MeanCoupling(
                latent_channels,
                hidden_channels,
                kernel_size,
                dilation_rate,
                n_layers,
                conditioning_channels,
            )
            for _ in range(n_flows)
        )
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
        """Map prior space back to the latent; shapes as in ``forward``."""
        for coupling in reversed(self.couplings):
            z = coupling.inverse(self.flip.inverse(z, mask), mask, conditioning)  # pyright: ignore[reportCallIssue]
        return z
