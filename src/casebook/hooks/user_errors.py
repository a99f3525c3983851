"""Errors that a user mends: told in one line, and Kedro's own lines about the node that raised one are left out."""

from __future__ import annotations

import logging
import sys

from casebook.baselines.gradient_boosting import BoostingLibraryError
from casebook.column_types.parsing import InvalidTableError
from casebook.data.splitting import EmptySplitError
from casebook.datasets.file_dataset import DamagedFileError
from casebook.datasets.raw import RawFileError
from casebook.evaluation.scores import ScoreError
from casebook.monitoring.weekly_scores import BelowLevelError
from casebook.tracking.disk_space import describe_full_disk
from casebook.tracking.sqlite_store import StoreError
from casebook.training.checkpoints import ResumeError
from casebook.training.early_stopping import TrainingError
from casebook.tuning.errors import StudyError

# Errors that a user mends in files: one clear line, no traceback.
USER_ERRORS = (
    InvalidTableError, EmptySplitError, RawFileError, DamagedFileError, ResumeError, BelowLevelError, TrainingError,
    ScoreError, StoreError, StudyError, BoostingLibraryError,
)  # fmt: skip
# Kedro's loggers that tell of a node that failed, and how to repeat the command.
TELLING_OF_NODES = ("kedro.pipeline.node", "kedro.runner.sequential_runner")


def find_user_error(error: BaseException | None) -> BaseException | None:
    """Find what a user can mend behind an error: Kedro wraps those of datasets in errors of its own."""
    while error is not None and not isinstance(error, USER_ERRORS):
        error = error.__cause__
    return error


def quiet_user_errors() -> None:
    """Filter what Kedro says of a node that raised a user's error, which the end of the command tells in its words."""
    for name in TELLING_OF_NODES:
        logging.getLogger(name).addFilter(_is_other)


def _is_other(_record: logging.LogRecord) -> bool:
    # Kedro logs while it handles the error.
    error = sys.exc_info()[1]
    return find_user_error(error) is None and not describe_full_disk(error)
