"""Full disks: detected behind the errors that libraries raise for them."""

from __future__ import annotations

import errno
import logging

from casebook.config.paths import project_root

FULL_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
# SQLite's words, which SQLAlchemy and MLflow pass on in errors of their own.
SQLITE_MESSAGE = "database or disk is full"


def describe_full_disk(error: BaseException | None) -> str:
    """Return one line on the full disk or quota behind an error; empty where it is another error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL_DISK_ERRNOS:
            return _describe(str(error.filename or project_root()))
        if SQLITE_MESSAGE in str(error):
            return _describe(str(project_root()))
        error = error.__cause__ or error.__context__
    return ""


def quiet_full_disk() -> None:
    """Filter MLflow's stack trace for each write that a full disk refused; the run's end reports it once."""
    logging.getLogger("mlflow.store.db.utils").addFilter(_is_other)


def _is_other(record: logging.LogRecord) -> bool:
    return SQLITE_MESSAGE not in record.getMessage()


def _describe(place: str) -> str:
    return f"the disk of {place} is full: free some space and start again"
