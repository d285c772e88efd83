"""English text normalisation."""
