"""Read and write VITS checkpoints of Coqui TTS."""
