"""What a user can mend in a study; each message says how. Importing this module imports nothing of Optuna."""

from __future__ import annotations


class StudyError(Exception):
    """A study that cannot be run, or that has found nothing."""


class SpaceError(StudyError, ValueError):
    """A space that cannot be searched; the message names the dotted key."""


class StudyFailedError(StudyError, RuntimeError):
    """Too many trials failed, or none finished."""


class StaleFilesError(StudyError, RuntimeError):
    """Files of the study's base were written by somebody else since it began."""
