"""Parser for the supported subset of SSML."""
