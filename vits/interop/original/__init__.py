"""Read and write checkpoints of the original VITS implementation."""
