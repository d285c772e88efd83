"""Export voices as verified ONNX graphs for other engines; see docs/guides/export.md."""
