"""Read the weights of a voice from an ONNX graph, without running it."""
