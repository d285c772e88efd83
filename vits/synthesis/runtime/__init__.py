"""Runtimes that turn symbols into samples: PyTorch and ONNX Runtime."""
