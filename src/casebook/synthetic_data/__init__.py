"""Generators of synthetic samples in place of raw files."""
