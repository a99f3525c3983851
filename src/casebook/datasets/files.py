"""Catalog datasets that lie in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from kedro.io import AbstractDataset, DatasetError

from casebook.learning.preparation import Preparation
from casebook.whole import written_whole

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from casebook.learning.preparation import Arrays


class RawFileError(DatasetError):
    """A raw file that the user must mend or bring; the message names it."""


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


class RawTable(FileDataset):
    """A raw CSV file, read as text: columns as categories, or as plain strings where nearly every value differs."""

    def __init__(self, filepath: str, plain: list[str] | None = None, metadata: dict[str, Any] | None = None) -> None:
        """Keep the path and the columns that are not worth a dictionary."""
        super().__init__(filepath, metadata)
        self._plain = set(plain or ())

    def load(self) -> pd.DataFrame:
        """Read the file with all cores.

        Raises:
            RawFileError: the file is missing, empty or cut off; the message names it.
        """
        if not self._filepath.exists():
            raise RawFileError(f"{self._filepath} is missing; put the file there or see data/README.md")
        try:
            with self._filepath.open("rb") as file:
                header = file.readline().decode("utf-8-sig").strip().split(",")
            types = {
                name: pa.string() if name in self._plain else pa.dictionary(pa.int32(), pa.string()) for name in header
            }
            options = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
            table: pd.DataFrame = pa.csv.read_csv(self._filepath, convert_options=options).to_pandas()
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise RawFileError(
                f"{self._filepath} cannot be read as CSV ({error}); it may be cut off or damaged: get it again"
            ) from error
        return table

    def save(self, data: pd.DataFrame) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: raw files are never written by a pipeline."""
        raise RawFileError(f"{self._filepath} is a raw file and is never written by a pipeline")


class ArraysFolder(FileDataset):
    """Named arrays, one `.npy` each in a folder, memory-mapped when read."""

    def load(self) -> Arrays:
        """Map the arrays into memory, read-only.

        Raises:
            DatasetError: there are none yet.
        """
        if not self._filepath.is_dir():
            raise DatasetError(f"{self._filepath} is not there yet; run the nodes that make it first")
        return {file.stem: np.load(file, mmap_mode="r") for file in sorted(self._filepath.glob("*.npy"))}

    def save(self, data: Arrays) -> None:
        """Write all arrays or nothing."""
        with written_whole(self._filepath) as folder:
            folder.mkdir()
            for name, values in data.items():
                np.save(folder / f"{name}.npy", values)


class PreparationFile(FileDataset):
    """A fitted preparation as JSON."""

    def load(self) -> Preparation:
        """Rebuild the preparation."""
        return Preparation.from_dict(json.loads(self._filepath.read_text()))

    def save(self, data: Preparation) -> None:
        """Write it whole or not at all."""
        with written_whole(self._filepath) as path:
            path.write_text(json.dumps(data.to_dict()))


class NetworkFile(FileDataset):
    """A Keras model in Keras's own format."""

    def load(self) -> keras.Model:
        """Load the model with the project's layers."""
        from casebook.learning.networks import load_network

        return load_network(self._filepath)

    def save(self, data: keras.Model) -> None:
        """Write it whole or not at all."""
        with written_whole(self._filepath) as path:
            data.save(path)
