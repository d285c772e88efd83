"""Voices by name: downloads from the Hugging Face hub, Piper's catalogue, publishing."""
