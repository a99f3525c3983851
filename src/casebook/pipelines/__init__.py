"""One package a case."""
