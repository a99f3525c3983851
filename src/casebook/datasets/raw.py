"""Raw files: CSV as text, Parquet and NumPy archives; never written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from kedro.io import DatasetError

from casebook.column_types.parsing import InvalidTableError, refuse_repeated_columns
from casebook.datasets.csv_reading import read_csv_options
from casebook.datasets.file_dataset import FileDataset

if TYPE_CHECKING:
    import pandas as pd


class RawFileError(DatasetError):
    """A raw file that is missing, empty or damaged; the message names it."""


class RawFile(FileDataset):
    """Base class of raw files, which are read-only."""

    def load(self) -> Any:  # noqa: ANN401 - Kedro's signature
        """Read the file.

        Raises:
            RawFileError: the file is missing, empty or cut off, or has a column twice; the message names it.
        """
        if not self._filepath.exists():
            raise RawFileError(f"{self._filepath} is missing; put the file there or see data/README.md")
        try:
            return self._read()
        except InvalidTableError as error:
            raise RawFileError(str(error)) from None
        except Exception as error:
            kind = self._filepath.suffix.lstrip(".").upper()
            raise RawFileError(
                f"{self._filepath} cannot be read as {kind} ({error}); it may be cut off or damaged: get it again"
            ) from error

    def save(self, data: Any) -> None:  # noqa: ANN401, ARG002 - Kedro's signature
        """Raise RawFileError: raw files are never written by a pipeline."""
        raise RawFileError(f"{self._filepath} is a raw file and is never written by a pipeline")

    def _read(self) -> Any:  # noqa: ANN401 - what the kind of file holds
        raise NotImplementedError


class RawTable(RawFile):
    """A raw CSV file, read as text: columns as categories, or as plain strings where nearly every value differs."""

    def __init__(
        self,
        filepath: str,
        plain: list[str] | None = None,
        names: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Store the path and what is known of the columns.

        Args:
            filepath: of the CSV file.
            plain: columns read without dictionary encoding.
            names: of the columns of a file that may come without a header line: the first line is a header when it
                holds no digit.
            metadata: for Kedro-Viz.
        """
        super().__init__(filepath, metadata)
        self._plain = set(plain or ())
        self._names = names or ()

    def _read(self) -> pd.DataFrame:
        options = read_csv_options(self._filepath, self._names, self._plain)
        table: pd.DataFrame = pa.csv.read_csv(
            self._filepath, read_options=options.read, convert_options=options.convert
        ).to_pandas()
        return table


class RawParquet(RawFile):
    """A raw Parquet file, read as the table that it holds."""

    def _read(self) -> pd.DataFrame:
        refuse_repeated_columns(pa.parquet.read_schema(self._filepath).names, str(self._filepath))
        table: pd.DataFrame = pa.parquet.read_table(self._filepath).to_pandas()
        return table


class RawArrays(RawFile):
    """A raw NumPy archive (`.npz`), read as its arrays by name."""

    def _read(self) -> dict[str, np.ndarray]:
        loaded = np.load(self._filepath)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise ValueError("a single array without a name")
        with loaded as arrays:
            refuse_repeated_columns(arrays.files, str(self._filepath))
            return {name: arrays[name] for name in arrays.files}
