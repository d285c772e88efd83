"""Automatic judges: speech recognisers, error rates and naturalness predictors."""
