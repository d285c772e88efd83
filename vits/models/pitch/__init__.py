"""Pitch: its predictor, and the source that excites a decoder."""
