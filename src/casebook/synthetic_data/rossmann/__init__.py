"""Generate a stand-in for the Rossmann files and say how well its sales can be forecast at best."""

from casebook.synthetic_data.rossmann.sample import FILES, Sample, best_reachable, generate_sample
from casebook.synthetic_data.rossmann.writing import write_sample

__all__ = ["FILES", "Sample", "best_reachable", "generate_sample", "write_sample"]
