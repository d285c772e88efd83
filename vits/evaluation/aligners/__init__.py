"""Alignment of recordings with their texts by a trained voice."""
