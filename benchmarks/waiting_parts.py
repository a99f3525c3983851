"""What tests have workers do: score files slowly, so that one can be met in the middle of it, and use memory.

Workers import this module too: its folder is on their path.
"""

from __future__ import annotations

import os
import resource
import time
from typing import TYPE_CHECKING

import numpy as np

from casebook.cluster.part_task import score_part
from casebook.cluster.worker_process import local_folder

if TYPE_CHECKING:
    from casebook.cluster.part_task import PartOutcome, PartTicket

# An array of a megabyte, and so many pages of it that an allocation anew would touch.
ARRAY_BYTES, ARRAY_PAGES, ARRAYS = 1 << 20, 256, 50


def count_page_faults() -> float:
    """Make and free arrays of a megabyte -> page faults of each but the first."""
    np.ones(ARRAY_BYTES, np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(ARRAYS):
        np.ones(ARRAY_BYTES, np.uint8)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / ARRAYS


def score_slowly(ticket: PartTicket, seconds: float) -> PartOutcome:
    """Score a file, and wait; meanwhile a file shows the number of the process."""
    mark = local_folder("marks") / f"scoring-{os.getpid()}"
    mark.touch()
    outcome = score_part(ticket)
    time.sleep(seconds)
    mark.unlink()
    return outcome
