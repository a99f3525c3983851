"""Synthetic sample in place of the Red Hat files, with the best reachable accuracy."""

from casebook.synthetic_data.redhat.reachable import best_reachable, best_reachable_on
from casebook.synthetic_data.redhat.sample import FILES, Sample, generate_sample
from casebook.synthetic_data.redhat.writing import write_sample

__all__ = ["FILES", "Sample", "best_reachable", "best_reachable_on", "generate_sample", "write_sample"]
