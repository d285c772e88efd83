"""Phonemes from espeak-ng."""
