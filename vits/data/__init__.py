"""Corpora: from recordings and transcripts to batches.

``manifest`` and ``corpora`` read any layout into rows; ``prepare`` checks and converts them into a
folder; ``dataset``, ``batch`` and ``stream`` feed training from it. Nothing is imported here, so
that the command line can list the layouts without loading torch.
"""
