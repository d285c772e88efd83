"""Checkpoint files: atomic writing, verification and resuming."""
