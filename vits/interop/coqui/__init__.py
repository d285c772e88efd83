"""Coqui TTS VITS checkpoints."""
