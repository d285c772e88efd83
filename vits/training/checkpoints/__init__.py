"""Checkpoint files: writing, verifying and resuming."""
