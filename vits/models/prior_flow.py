"""Prior flow: latent <-> prior space (figure 1: flow f)."""

import torch
from torch import Tensor, nn

from vits.layers.flows import Flip, MeanCoupling

__all__ = ["IncrementalInverse", "PriorFlow"]


class PriorFlow(nn.Module):
    """Mean couplings with a channel flip after each; volume-preserving.

    Source: VITS section 2.1.3; the couplings shift only, so the log-determinant is 0.

    Attributes:
        context: frames on either side of a frame that it depends on, forward and inverse; every
            coupling has the same share in it.
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
        couplings = [
            MeanCoupling(
                latent_channels,
                hidden_channels,
                kernel_size,
                dilation_rate,
                n_layers,
                conditioning_channels,
            )
            for _ in range(n_flows)
        ]
        self.couplings = nn.ModuleList(couplings)
        self.context = sum(coupling.context for coupling in couplings)
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

    def inverse(self, z: Tensor, mask: Tensor | None, conditioning: Tensor | None = None) -> Tensor:
        """Map prior space back to the latent; as ``forward``, no mask where there is no padding."""
        for step in range(len(self.couplings)):
            z = self.inverse_step(step, z, mask, conditioning)
        return z

    def inverse_step(
        self, step: int, z: Tensor, mask: Tensor | None, conditioning: Tensor | None = None
    ) -> Tensor:
        """Undo one coupling, ``step`` 0 the one next to prior space; else as ``inverse``."""
        coupling = self.couplings[len(self.couplings) - 1 - step]
        assert isinstance(coupling, MeanCoupling)
        return coupling.inverse(self.flip.inverse(z, mask), mask, conditioning)


class IncrementalInverse:
    """The inverse of a prior flow, computed from left to right no further than it is asked for.

    What each coupling gave is kept, so that a step further costs a coupling's own context on either
    side of it, and not that of the whole flow.

    Args:
        flow: the flow.
        z: (1, C, T) of one whole sentence in prior space, without padding.
        conditioning: (1, G, 1) speaker, or None.
    """

    def __init__(self, flow: PriorFlow, z: Tensor, conditioning: Tensor | None = None) -> None:
        self._flow, self._conditioning = flow, conditioning
        n_steps = len(flow.couplings)
        self._reach = flow.context // n_steps
        self._known = [z, *(z[..., :0] for _ in range(n_steps))]  # the input of every step; result

    def up_to(self, stop: int) -> Tensor:
        """Return the latent's frames (1, C, stop); ``stop`` is cut at the sentence's end."""
        n_frames, last = self._known[0].shape[2], len(self._known) - 1
        for step in range(last):
            source, done = self._known[step], self._known[step + 1].shape[2]
            end = min(n_frames, stop + (last - 1 - step) * self._reach)
            if end <= done:
                continue
            begin = max(0, done - self._reach)
            z = source[..., begin : end + self._reach]  # all there is of it at the sentence's end
            z = self._flow.inverse_step(step, z, None, self._conditioning)
            new = z[..., done - begin : end - begin]
            self._known[step + 1] = torch.cat([self._known[step + 1], new], dim=2)
        return self._known[last][..., :stop]
