"""Inference engines: PyTorch and ONNX Runtime, behind one interface."""
