"""Files of an earlier run in the folder of a later one: links, so that they cost nothing and outlive the former."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path


def link(source: Path, target: Path) -> None:
    """Let a file or folder lie in another place too. Files of runs are replaced and never written to, so both stay."""
    with atomic_write(target) as unfinished:
        if source.is_dir():
            shutil.copytree(source, unfinished, copy_function=_link_file)
        else:
            _link_file(source, unfinished)


def _link_file(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Some file systems know no links.
        shutil.copy2(source, target)
