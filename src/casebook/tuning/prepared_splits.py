"""Prepared splits of a study on disk: computed once for each distinct preprocessing, memory-mapped by all workers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from casebook.data.raw_files import digest_file
from casebook.preprocessing.modality import describe_preprocessor, restore_preprocessor
from casebook.runtime.atomic_files import atomic_write
from casebook.training.cross_validation import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from casebook.caching.derivation import Derivation
    from casebook.preprocessing.tabular import Arrays

PREPROCESSOR = "preprocessor.json"
# Inode, modification time in nanoseconds and content digest of a file; empty for one that is not there.
Stamp = list[Any]


class StaleFilesError(RuntimeError):
    """Another run has overwritten intermediate files of the study since it began."""


def write_splits_once(folder: Path, make: Callable[[], Iterable[Sequence[Any]]]) -> Path:
    """Write splits into a folder once, under a lock; the process that comes first computes them.

    Args:
        folder: named after the digest of what they are computed from.
        make: computes them: training rows, evaluation rows, preprocessor.

    Returns:
        The folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            with atomic_write(folder) as unfinished:
                for number, split in enumerate(make()):
                    _write(unfinished / f"{number:03d}", Split(*split))
    return folder


def read_splits(folder: Path) -> Iterator[Split]:
    """Yield the splits of a folder, memory-mapped."""
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        preprocessor = restore_preprocessor(json.loads((place / PREPROCESSOR).read_text()))
        yield Split(_map(place / "train"), _map(place / "judged"), preprocessor)


def _write(folder: Path, split: Split) -> None:
    for name, arrays in (("train", split.train), ("judged", split.held_out)):
        (folder / name).mkdir(parents=True)
        for key, values in arrays.items():
            np.save(folder / name / f"{key}.npy", values)
    (folder / PREPROCESSOR).write_text(json.dumps(describe_preprocessor(split.preprocessor)))


def _map(folder: Path) -> Arrays:
    return {file.stem: np.load(file, mmap_mode="r") for file in sorted(folder.glob("*.npy"))}


class SplitStore:
    """Prepared splits by their parameters: found on disk, or computed and written there."""

    def __init__(self, folder: Path, derivation: Derivation, stamps: Mapping[str, Stamp]) -> None:
        """Store the folder of splits, the derivation that computes them, and the stamps of the intermediate files."""
        self._folder, self._derivation, self._stamps = folder, derivation, stamps

    def folder_of(self, name: str, parameters: Mapping[str, Any]) -> Path:
        """Return the folder of a dataset of splits, present or not."""
        return self._folder / self._derivation.digest(name, parameters)

    def find(self, name: str, parameters: Mapping[str, Any]) -> Path:
        """Return the folder of a dataset of splits; compute and write it where it is not there.

        Raises:
            StaleFilesError: it must be computed from files that another run has overwritten.
        """
        return write_splits_once(self.folder_of(name, parameters), lambda: self._make(name, parameters))

    def _make(self, name: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
        for file, stamp in self._stamps.items():
            if not is_unchanged(Path(file), stamp):
                raise StaleFilesError(
                    f"{file} was written by another run since this study began; start the study's command again"
                )
        return self._derivation.value(name, parameters)


def stamp_file(file: Path) -> Stamp:
    """Return inode, modification time and content digest of a file or folder; every write gives it a new inode."""
    return [*_read_inode_and_time(file), _digest_content(file)] if file.exists() else []


def is_unchanged(file: Path, stamp: Stamp) -> bool:
    """Return whether a file is unchanged; the same content written again by another launch counts as unchanged."""
    if not stamp or not file.exists():
        return not stamp and not file.exists()
    return _read_inode_and_time(file) == stamp[:2] or _digest_content(file) == stamp[2]


def _read_inode_and_time(file: Path) -> Stamp:
    found = os.stat(file)  # noqa: PTH116 - as short
    return [found.st_ino, found.st_mtime_ns]


def _digest_content(file: Path) -> str:
    if file.is_file():
        return digest_file(file)
    return "".join(f"{each.name} {digest_file(each)}" for each in sorted(file.rglob("*")) if each.is_file())
