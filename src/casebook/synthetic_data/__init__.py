"""Generators that stand in for raw files."""
