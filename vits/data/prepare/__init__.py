"""Corpus preparation: converts recordings and transcripts to a prepared folder."""
