"""Hugging Face transformers' VITS checkpoints, MMS included."""
