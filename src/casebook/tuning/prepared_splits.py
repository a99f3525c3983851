"""Prepared splits of a study on disk: computed once for each distinct preprocessing, memory-mapped by all workers."""

from __future__ import annotations

import json
import logging
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from casebook.background.worker import compute_cached
from casebook.config.schema import read_reference
from casebook.data.file_fingerprints import hash_content, read_state
from casebook.preprocessing.modality import describe_preprocessor, restore_preprocessor
from casebook.runtime.atomic_files import atomic_write
from casebook.training.cross_validation import Split
from casebook.tuning.errors import StaleFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.caching.lineage import DerivedDatasets
    from casebook.preprocessing.tabular import Arrays

LOGGER = logging.getLogger(__name__)
PREPROCESSOR = "preprocessor.json"
# State of a file or folder, and hash of its content.
Stamp = list[Any]


def write_splits_once(folder: Path, make: Callable[[], Iterable[Sequence[Any]]]) -> Path:
    """Write splits into a folder, once, whichever process comes first.

    Args:
        folder: named after the digest of what they are computed from.
        make: computes them: training rows, evaluation rows, preprocessor.

    Returns:
        The folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not _is_whole(folder):
            with atomic_write(folder) as unfinished:
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
    """Yield the splits of a folder, memory-mapped."""
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        preprocessor = restore_preprocessor(json.loads((place / PREPROCESSOR).read_text()))
        yield Split(_map(place / "train"), _map(place / "judged"), preprocessor)


def fit_trees_once(folder: Path, number: int, reference: Mapping[str, Any], split: Split) -> BoostedTrees:
    """Fit the boosted trees beside a trial's network, or take those of another trial of the same rows.

    Args:
        folder: of the splits, beside which they are kept.
        number: of the split in it.
        reference: the case's `reference` block.
        split: the rows of that split that the trial trains on, and those that stop it.
    """
    from casebook.baselines.gradient_boosting import fit_reference

    kept = folder.with_name(f"{folder.name}_trees") / f"{number:03d}"
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        (trees,), _ = compute_cached(fit_reference, [*split, read_reference(dict(reference))], 1, kept)
    found: BoostedTrees = pickle.loads(trees)  # noqa: S301 - written above, in the project's own folder
    return found


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

    def __init__(self, folder: Path, datasets: DerivedDatasets, stamps: Mapping[str, Stamp]) -> None:
        """Store the folder of splits, the derivation that computes them, and the stamps of the intermediate files."""
        self._folder, self._datasets, self._stamps = folder, datasets, stamps

    def folder_of(self, name: str, parameters: Mapping[str, Any]) -> Path:
        """Return the folder of a dataset of splits, there or not."""
        return self._folder / str(self._datasets.fingerprints(parameters)[name])

    def find(self, name: str, parameters: Mapping[str, Any]) -> Path:
        """Return the folder of a dataset of splits, made where it is not there.

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
        return self._datasets.compute(name, parameters)


def stamp_file(file: Path) -> Stamp:
    """Return the state of a file or folder, and a hash of what it holds."""
    return [read_state(file), hash_content(file)]


def is_unchanged(file: Path, stamp: Stamp) -> bool:
    """Return whether a file still is what it was; another launch of the study may have written the same again."""
    state, content = stamp
    return bool(read_state(file) == state or hash_content(file) == content)
