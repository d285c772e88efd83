"""Voices as ONNX graphs for other engines, each proven to be the same voice; see docs/export.md."""
