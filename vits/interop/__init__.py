"""Voices of other projects, read and written; see docs/interop.md."""
