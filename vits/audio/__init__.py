"""Audio: files, resampling, loudness and spectrograms."""
