"""Prior flow in few kernels on a GPU."""

import torch
from torch import Tensor

from vits.fast.masks import autocast_mask
from vits.fast.tracing import is_traced
from vits.layers.flows import MeanCoupling
from vits.models.prior_flow import PriorFlow

__all__ = ["FastPriorFlow"]


class FastPriorFlow(PriorFlow):
    """A ``PriorFlow`` whose forward map takes few kernels on a GPU."""

    def forward(
        self, z: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Map (B, C, T) to prior space (B, C, T); the log-determinant (B,) is 0."""
        if is_traced() or z.device.type == "cpu":
            return super().forward(z, mask, conditioning)
        return self.joint_forward(z, mask, conditioning)

    def joint_forward(
        self, z: Tensor, mask: Tensor, conditioning: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute ``forward`` in few kernels; z (B, C, T) is 0 in the padding."""
        # a float32 mask would make the hidden signals float32
        hidden_mask = autocast_mask(mask)
        for coupling in self.couplings:
            assert isinstance(coupling, MeanCoupling)
            kept, shifted = z.chunk(2, dim=1)
            hidden = coupling.pre(kept) * hidden_mask
            if coupling.transformer is not None:
                hidden = hidden + coupling.transformer(hidden, mask)
            shift = coupling.post(coupling.wavenet(hidden, hidden_mask, conditioning))
            z = torch.cat([kept, torch.addcmul(shifted, shift, mask)], dim=1).flip(1)
        return z, z.new_zeros(z.shape[0])
