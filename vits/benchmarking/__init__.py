"""Benchmarks of synthesis speed, for ``vits bench``."""
