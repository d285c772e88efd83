"""Waves: files, resampling, levels and spectrograms."""
