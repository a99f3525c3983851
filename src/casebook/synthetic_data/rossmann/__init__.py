"""Synthetic sample in place of the Rossmann files, with the best reachable errors."""

from casebook.synthetic_data.rossmann.sample import FILES, Sample, best_reachable, generate_sample
from casebook.synthetic_data.rossmann.writing import write_sample

__all__ = ["FILES", "Sample", "best_reachable", "generate_sample", "write_sample"]
