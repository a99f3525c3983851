"""Generate a stand-in for the Red Hat files and say how well its outcome can be predicted at best."""

from casebook.samples.redhat.reachable import best_reachable, reach_on
from casebook.samples.redhat.sample import FILES, Sample, generate_sample
from casebook.samples.redhat.writing import write_sample

__all__ = ["FILES", "Sample", "best_reachable", "generate_sample", "reach_on", "write_sample"]
