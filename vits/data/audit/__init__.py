"""Audit of a prepared corpus: measures every row, reports faults and writes a clean copy."""
