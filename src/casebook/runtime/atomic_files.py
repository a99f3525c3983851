"""Atomic writes of files and folders: complete or not there at all."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Prefix of the names of files being written; the process's number and the final name follow.
UNFINISHED = ".unfinished-"
TARGET_EXISTS_ERRORS = (errno.ENOTEMPTY, errno.EEXIST)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; it is renamed to `path` once the block ends without an error.

    A kill or a full disk leaves what was there before; what killed processes left half-written is removed first.
    Several processes may write one path at once: each writes its own file, and the last to end decides.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{UNFINISHED}*-{path.name}"):
        number = left.name.removeprefix(UNFINISHED).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            _remove(left)
    # The suffix stays last: some writers go by it.
    unfinished = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    _remove(unfinished)
    try:
        yield unfinished
        _move_into_place(unfinished, path)
    finally:
        _remove(unfinished)


def _move_into_place(unfinished: Path, path: Path) -> None:
    """Move the temporary file or folder into place."""
    aside = unfinished.with_name(f"{UNFINISHED}{os.getpid()}-aside-{path.name}")
    while True:
        if path.is_dir():
            # A folder cannot be replaced in one step; between the two nothing half-written has the name.
            with suppress(FileNotFoundError):
                path.rename(aside)
            _remove(aside)
        try:
            os.replace(unfinished, path)  # noqa: PTH105 - Path.replace is the same call; this name says that it replaces
        except OSError as error:
            # Another process gave its folder the name just now.
            if error.errno not in TARGET_EXISTS_ERRORS:
                raise
        else:
            return


def _remove(path: Path) -> None:
    """Remove a replaced file or folder; another process may be doing the same."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
