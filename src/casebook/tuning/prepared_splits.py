"""Prepared rows of a study on disk: made once for each distinct preprocessing, mapped into memory by all workers."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from casebook.data.raw_files import digest_file
from casebook.preprocessing.modality import describe_preprocessor, restore_preprocessor
from casebook.runtime.atomic_files import written_whole
from casebook.training.cross_validation import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from casebook.caching.derivation import Derivation
    from casebook.preprocessing.tabular import Arrays

LOGGER = logging.getLogger(__name__)
PREPROCESSOR = "preprocessor.json"
# Inode, time of writing and content of a file; nothing of one that is not there.
Stamp = list[Any]


class StaleFilesError(RuntimeError):
    """Files of the study's base were written by somebody else since it began."""


def keep_splits(folder: Path, make: Callable[[], Iterable[Sequence[Any]]]) -> Path:
    """Write splits into a folder, once, whichever process comes first.

    Args:
        folder: named after what they were made of.
        make: makes them: training rows, judged rows, preprocessing.

    Returns:
        The folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not _is_whole(folder):
            with written_whole(folder) as unfinished:
                for number, split in enumerate(make()):
                    _write(unfinished / f"{number:03d}", Split(*split))
    return folder


def _is_whole(folder: Path) -> bool:
    """Return whether splits can be read; damaged ones are made anew, which is said."""
    try:
        return folder.is_dir() and bool(list(read_splits(folder)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        LOGGER.warning("%s cannot be read (%s): its rows are prepared anew", folder, error)
        return False


def read_splits(folder: Path) -> Iterator[Split]:
    """Map the splits of a folder, one after the other."""
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        preprocessor = restore_preprocessor(json.loads((place / PREPROCESSOR).read_text()))
        yield Split(_map(place / "train"), _map(place / "judged"), preprocessor)


def _write(folder: Path, split: Split) -> None:
    for name, arrays in (("train", split.train), ("judged", split.judged)):
        (folder / name).mkdir(parents=True)
        for key, values in arrays.items():
            np.save(folder / name / f"{key}.npy", values)
    (folder / PREPROCESSOR).write_text(json.dumps(describe_preprocessor(split.preprocessor)))


def _map(folder: Path) -> Arrays:
    return {file.stem: np.load(file, mmap_mode="r") for file in sorted(folder.glob("*.npy"))}


class SplitStore:
    """Find, or make, the splits that a trial's parameters ask for."""

    def __init__(self, folder: Path, derivation: Derivation, stamps: Mapping[str, Stamp]) -> None:
        """Keep where splits lie, what makes them, and how the base's files looked when the study began."""
        self._folder, self._derivation, self._stamps = folder, derivation, stamps

    def folder_of(self, name: str, parameters: Mapping[str, Any]) -> Path:
        """Name the folder of a dataset of splits."""
        return self._folder / self._derivation.digest(name, parameters)

    def find(self, name: str, parameters: Mapping[str, Any]) -> Path:
        """Give the folder of a dataset of splits, made where it is not there.

        Raises:
            StaleFilesError: it must be made of files that are no longer those of the study.
        """
        return keep_splits(self.folder_of(name, parameters), lambda: self._make(name, parameters))

    def _make(self, name: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
        for file, stamp in self._stamps.items():
            if not is_as_stamped(Path(file), stamp):
                raise StaleFilesError(
                    f"{file} was written by another run since this study began; start the study's command again"
                )
        return self._derivation.value(name, parameters)


def stamp_file(file: Path) -> Stamp:
    """Say which writing of a file or folder this is - every writing gives it a new inode - and what it holds."""
    return [*_writing(file), _content(file)] if file.exists() else []


def is_as_stamped(file: Path, stamp: Stamp) -> bool:
    """Tell whether a file still is what it was; another launch of the study may have written the same again."""
    if not stamp or not file.exists():
        return not stamp and not file.exists()
    return _writing(file) == stamp[:2] or _content(file) == stamp[2]


def _writing(file: Path) -> Stamp:
    found = os.stat(file)  # noqa: PTH116 - as short
    return [found.st_ino, found.st_mtime_ns]


def _content(file: Path) -> str:
    if file.is_file():
        return digest_file(file)
    return "".join(f"{each.name} {digest_file(each)}" for each in sorted(file.rglob("*")) if each.is_file())
