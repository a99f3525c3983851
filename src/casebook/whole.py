"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write a file or folder to; it takes the name once the block ends without an error.

    A kill or a full disk leaves what was there before; the leftover of an earlier kill is swept away first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: some writers go by it.
    unfinished = path.with_name(f".unfinished-{path.name}")
    _remove(unfinished)
    try:
        yield unfinished
        if path.is_dir():
            # A folder cannot be replaced in one step; between the two nothing half-written bears the name.
            _remove(path)
        os.replace(unfinished, path)  # noqa: PTH105 - Path.replace is the same call; this one says what matters
    finally:
        _remove(unfinished)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
