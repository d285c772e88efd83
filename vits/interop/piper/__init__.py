"""Read and write training checkpoints of Piper."""
