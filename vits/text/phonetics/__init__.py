"""Phonetic distance and nearest symbols."""
