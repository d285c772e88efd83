"""Prepared folders: manifest, index, dataset and batches."""
