"""Commands that ask for what there is not, and places that cannot be written: a line instead of a stack trace."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from kedro.config import MissingConfigException

from casebook.cases.registry import CASES

if TYPE_CHECKING:
    from collections.abc import Sequence

# So begin Kedro's errors about the options of a run.
ABOUT_OPTIONS = ("Pipeline does not contain", "Pipeline contains no nodes")
NO_ENVIRONMENT = "Given configuration path either does not exist"
NO_PIPELINE = "Failed to find the pipeline named"
NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
JOBS = ("study", "predict", "update", "monitor")


def describe_misuse(error: BaseException | None, names: Sequence[str], source: str) -> str:
    """Describe what is wrong with a command in one line; nothing where it is another error.

    Args:
        error: that ended it.
        names: of the pipelines that it asked for.
        source: the folder or archive of the configuration.
    """
    text = " ".join(str(error).split())
    if isinstance(error, MissingConfigException) and text.startswith(NO_ENVIRONMENT):
        folder = Path(source)
        there = sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
        named = text.rpartition("/")[2]
        return f"there is no environment {named} in {source}{'; there are ' if there else ''}{', '.join(there)}"
    if isinstance(error, ValueError) and text.startswith(NO_PIPELINE):
        return (
            f"there is no pipeline {', '.join(names)}; there are {', '.join(CASES)}, each alone or with "
            f"{', '.join(f'_{job}' for job in JOBS)}"
        )
    if isinstance(error, ValueError) and text.startswith(ABOUT_OPTIONS):
        return f"{text} See `kedro registry describe {names[0] if names else CASES[0]}` for the nodes."
    while error is not None:
        if isinstance(error, OSError) and error.errno in NOT_ALLOWED and error.filename:
            return f"{error.filename} cannot be used ({error.strerror}): give the right to, or use another folder"
        error = error.__cause__ or error.__context__
    return ""
