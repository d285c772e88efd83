"""The two convolutions over symbols that regress one value for each symbol."""

import torch
from torch import Tensor, nn

__all__ = ["TwoConvolutions"]


class TwoConvolutions(nn.Module):
    """Two convolutions with ReLU, layer norm and dropout, and a projection to one channel.

    Source: Kim et al. 2020 (Glow-TTS), arXiv:2005.11129, appendix A.
    """

    def __init__(
        self, in_channels: int, filter_channels: int, *, kernel_size: int, dropout: float
    ) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.conv_1 = nn.Conv1d(in_channels, filter_channels, kernel_size, padding=padding)
        self.norm_1 = nn.LayerNorm(filter_channels)
        self.conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.norm_2 = nn.LayerNorm(filter_channels)
        self.projection = nn.Conv1d(filter_channels, 1, 1)
        self.dropout = nn.Dropout(dropout)

    def regress(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, C, S) to one value for each symbol (B, 1, S), 0 in the padding.

        Args:
            x: (B, C, S), in the precision of the weights.
            mask: (B, 1, S).
        """
        x = torch.relu(self.conv_1(x * mask))
        x = self.dropout(self.norm_1(x.transpose(1, 2)).transpose(1, 2))
        x = torch.relu(self.conv_2(x * mask))
        x = self.dropout(self.norm_2(x.transpose(1, 2)).transpose(1, 2))
        return self.projection(x * mask) * mask
