"""An environment that is not there, and places that cannot be used: a line instead of a stack trace."""

from __future__ import annotations

import errno
from pathlib import Path

from kedro.config import MissingConfigException

NO_ENVIRONMENT = "Given configuration path either does not exist"
NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def describe_misuse(error: BaseException | None, source: str) -> str:
    """Describe what is wrong with a command in one line; nothing where it is another error.

    Args:
        error: that ended it.
        source: the folder or archive of the configuration.
    """
    text = " ".join(str(error).split())
    if isinstance(error, MissingConfigException) and text.startswith(NO_ENVIRONMENT):
        folder = Path(source)
        there = sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
        named = text.rpartition("/")[2]
        return f"there is no environment {named} in {source}{'; there are ' if there else ''}{', '.join(there)}"
    while error is not None:
        if isinstance(error, OSError) and error.errno in NOT_ALLOWED and error.filename:
            return f"{error.filename} cannot be used ({error.strerror}): give the right to, or use another folder"
        error = error.__cause__ or error.__context__
    return ""
