"""The prepared folder: its index and manifest, and the batches that training draws from it."""
