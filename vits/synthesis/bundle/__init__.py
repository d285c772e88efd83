"""The voice folder: reading, writing and building it from a checkpoint."""
