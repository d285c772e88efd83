"""Networks and losses in few kernels, for devices on which starting a kernel has a price."""
