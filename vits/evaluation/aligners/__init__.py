"""Align recordings with their texts by a trained voice."""
