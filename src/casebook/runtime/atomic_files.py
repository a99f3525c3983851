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

    A kill or a full disk leaves what was there before, and so does a loss of power: what is written reaches the disk
    before it takes the name. What killed processes left half-written is swept away first.
    Several processes may write one path at once: each writes beside the others, and the last to end gives the content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{UNFINISHED}*-{path.name}"):
        number = left.name.removeprefix(UNFINISHED).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            remove(left)
    # The suffix stays last: some writers go by it.
    unfinished = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    remove(unfinished)
    try:
        yield unfinished
        rename_into_place(unfinished, path)
    finally:
        remove(unfinished)


def rename_into_place(unfinished: Path, path: Path) -> None:
    """Put a file or folder that was written in place of what bears the name, once it has reached the disk."""
    _flush(unfinished)
    _give_name(unfinished, path)
    # Some file systems know no such thing for folders.
    with suppress(OSError):
        _flush_one(path.parent)


def _flush(path: Path) -> None:
    for inner in path.rglob("*") if path.is_dir() else ():
        _flush_one(inner)
    _flush_one(path)


def _flush_one(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _give_name(unfinished: Path, path: Path) -> None:
    aside = unfinished.with_name(f"{UNFINISHED}{os.getpid()}-aside-{path.name}")
    while True:
        remove(aside)
        if path.is_dir():
            # A folder cannot be replaced in one step; between the two nothing half-written has the name.
            with suppress(FileNotFoundError):
                path.rename(aside)
        try:
            os.replace(unfinished, path)  # noqa: PTH105 - Path.replace is the same call; this name says that it replaces
        except OSError as error:
            # Another process gave its folder the name just now.
            if error.errno not in TARGET_EXISTS_ERRORS:
                with suppress(OSError):
                    aside.rename(path)
                raise
        else:
            # Only now: while it goes, nothing would bear the name for those who read.
            remove(aside)
            return


def remove(path: Path) -> None:
    """Remove a file or folder that nobody asks for any more; another process may be doing the same."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
