"""Piper training checkpoints."""
