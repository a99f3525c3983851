"""Files that are scored slowly, so that a worker can be met in the middle of one.

Workers import this module too: its folder is on their path.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from casebook.cluster.part_task import score_part
from casebook.cluster.worker_process import local_folder

if TYPE_CHECKING:
    from casebook.cluster.part_task import PartOutcome, PartTicket


def score_slowly(ticket: PartTicket, seconds: float) -> PartOutcome:
    """Score a file, and wait; meanwhile a file shows the number of the process."""
    mark = local_folder("marks") / f"scoring-{os.getpid()}"
    mark.touch()
    outcome = score_part(ticket)
    time.sleep(seconds)
    mark.unlink()
    return outcome
