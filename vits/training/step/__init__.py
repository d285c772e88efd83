"""The training step: segments, losses, gradients and metrics."""
