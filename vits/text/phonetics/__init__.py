"""Distances between IPA symbols."""
