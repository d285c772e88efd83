"""Stopping a run on a signal, on all ranks together."""
