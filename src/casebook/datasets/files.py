"""Catalog datasets that lie in files."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from casebook.preprocessing.modality import describe_preprocessor, restore_preprocessor
from casebook.runtime.atomic_files import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays


class DamagedFileError(DatasetError):
    """A file that a run has made and that cannot be read; the message names it and says what to do."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say of a file that is there and cannot be read which one it is.

    Raises:
        DamagedFileError: it cannot be read.
    """
    try:
        yield
    except (DatasetError, FileNotFoundError, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise DamagedFileError(
            f"{path} is damaged ({said}): make it anew by beginning with an earlier node, or take over from another "
            "run with <case>.from_run=<run id>"
        ) from error


class FileDataset(AbstractDataset[Any, Any]):
    """What all these datasets share: a path, and whether something is there."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep the path; `metadata` is for Kedro-Viz."""
        self._filepath = Path(filepath)
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _exists(self) -> bool:
        return self._filepath.exists()


class ArraysFolder(FileDataset):
    """Named arrays, one `.npy` each in a folder, memory-mapped when read."""

    def load(self) -> Arrays:
        """Map the arrays into memory, read-only.

        Raises:
            DatasetError: there are none yet.
        """
        if not self._filepath.is_dir():
            raise DatasetError(f"{self._filepath} is not there yet; run the nodes that make it first")
        with reading(self._filepath):
            return {file.stem: np.load(file, mmap_mode="r") for file in sorted(self._filepath.glob("*.npy"))}

    def save(self, data: Arrays) -> None:
        """Write all arrays or nothing."""
        with written_whole(self._filepath) as folder:
            folder.mkdir()
            for name, values in data.items():
                np.save(folder / f"{name}.npy", values)


class FiguresFolder(FileDataset):
    """Figures by file name, drawn or still to be drawn, in a folder of their own."""

    def __init__(
        self, filepath: str, save_args: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Keep the path, and what `savefig` is told besides it."""
        super().__init__(filepath, metadata)
        self._save_args = save_args or {}

    def load(self) -> Any:  # noqa: ANN401 - Kedro's signature
        """Refuse: figures are looked at, not computed with."""
        raise DatasetError(f"{self._filepath} holds figures, which are only written")

    def save(self, data: dict[str, Any]) -> None:
        """Write all figures or nothing."""
        with written_whole(self._filepath) as folder:
            folder.mkdir()
            for name, figure in data.items():
                figure.savefig(folder / name, **self._save_args)


class PreprocessorFile(FileDataset):
    """A fitted preprocessor as JSON."""

    def load(self) -> Preprocessor:
        """Rebuild the preprocessor."""
        with reading(self._filepath):
            return restore_preprocessor(json.loads(self._filepath.read_text()))

    def save(self, data: Preprocessor) -> None:
        """Write it whole or not at all."""
        with written_whole(self._filepath) as path:
            path.write_text(json.dumps(describe_preprocessor(data)))


class NetworkFile(FileDataset):
    """A Keras model in Keras's own format."""

    def load(self) -> keras.Model:
        """Load the model with the project's layers."""
        from casebook.models.networks import load_network

        with reading(self._filepath):
            return load_network(self._filepath)

    def save(self, data: keras.Model) -> None:
        """Write it whole or not at all."""
        with written_whole(self._filepath) as path:
            data.save(path)
