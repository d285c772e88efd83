"""Checkpoints of the original VITS implementation."""
