"""The files of a folder that are scored each by itself: found by the folder's name, or by a pattern."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from casebook.batch_scoring.file_scorer import Part
from casebook.datasets.file_kinds import describe_no_rows
from casebook.datasets.raw import RawFileError, find_file

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNS = "*?["
EVERY, PARQUET_FILES, HERE = "*", "*.parquet", "."


def list_parts(given: str, raw_folder: Path, holds_rows: Callable[[Path], bool]) -> list[Part]:
    """List the files of rows that a user has named together; hidden ones are none.

    Args:
        given: a folder, whose own files are meant, or a pattern (`inbox/*.csv.gz`, `inbox/**/*.parquet`), which may
            name folders of Parquet files too; a path counts as `raw.find_file` says.
        raw_folder: the case's.
        holds_rows: whether a file may be one of rows, by its name.

    Returns:
        By name, which is the path below the folder, or below what comes before the first sign of a pattern.

    Raises:
        RawFileError: there is no such folder, or no file of rows in it.
    """
    before, pattern = split_pattern(given, raw_folder)
    if before == HERE:
        folder = Path.cwd() if any(Path.cwd().glob(pattern or EVERY)) else raw_folder
    else:
        folder = find_file(before, raw_folder)
    if not folder.is_dir():
        raise RawFileError(f"{folder} is no folder; make it, or name another with predict.folder")
    found = {path.relative_to(folder).as_posix(): path for path in folder.glob(pattern or EVERY)}
    shown = {name: path for name, path in sorted(found.items()) if not any(p[0] == "." for p in Path(name).parts)}
    whole = {path for path in shown.values() if pattern and path.is_dir() and any(path.rglob(PARQUET_FILES))}
    parts = [
        Part(name, path)
        for name, path in shown.items()
        # The files of a folder that is read as one are no parts of their own.
        if holds_rows(path) and (path.is_file() or path in whole) and whole.isdisjoint(path.parents)
    ]
    if not parts:
        raise RawFileError(f"no file of rows is called {given}" if pattern else describe_no_rows(folder))
    return parts


def split_pattern(given: str, raw_folder: Path) -> tuple[str, str]:
    """Split a path before its first piece with a sign of patterns -> folder, and pattern; none where it has none.

    A piece that is there by this very name, like `in [box]`, is no pattern.
    """
    pieces = Path(given).parts
    first = 0
    while first < len(pieces) and (
        not set(pieces[first]) & set(SIGNS) or find_file(str(Path(*pieces[: first + 1])), raw_folder).exists()
    ):
        first += 1
    return str(Path(*pieces[:first])), "/".join(pieces[first:])
