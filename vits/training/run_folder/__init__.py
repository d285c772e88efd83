"""The folder of a run: its lock, its log, and writes that may fail."""
