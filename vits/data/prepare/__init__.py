"""Preparation of a corpus: from recordings and transcripts to a prepared folder."""
