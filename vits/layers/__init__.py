"""Building blocks of the networks: they know tensors and nothing of configurations or text."""
