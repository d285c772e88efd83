"""Preemption: stops and saves a run on a signal, on all ranks together."""
