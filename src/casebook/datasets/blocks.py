"""New raw rows read in blocks, so that memory does not grow with the file; and their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from casebook.batch_scoring.scorer import RawBlock
from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError, refuse_repeated_columns
from casebook.config.paths import raw_folder
from casebook.datasets.csv_reading import read_csv_options
from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.raw import RawFileError, RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from casebook.cases.registry import NewRows

# Arrow reads 32 pieces ahead whatever their size; several make a block, as each block costs some time of its own.
PIECE_BYTES, PIECES_A_BLOCK, BLOCK_ROWS = 1 << 20, 4, 65_536
SHOWN_CHARACTERS = 120


class NewRowsFolder(FileDataset):
    """Read-only: a case's folder of raw files, whose new rows are read as its `NewRows` says."""

    def __init__(self, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the case and its folder."""
        super().__init__(str(raw_folder(case)), metadata)
        self._case = case

    def load(self) -> NewRowsReader:
        """Return the reader of the files."""
        today = f"{datetime.now(UTC).astimezone():%Y-%m-%d}"
        return NewRowsReader(self._filepath, load_case(self._case).new_rows, today)

    def save(self, data: object) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: raw files are never written by a pipeline."""
        raise RawFileError(f"{self._filepath} holds raw files and is never written by a pipeline")


class OutcomesFolder(NewRowsFolder):
    """Read-only: a case's folder of raw files, in which outcomes of predicted rows arrive later."""

    def load(self) -> OutcomesReader:  # type: ignore[override]
        """Return the reader of the outcomes."""
        return OutcomesReader(self._filepath, load_case(self._case).new_rows.key)


@dataclass(frozen=True)
class OutcomesReader:
    """Reads outcomes, a CSV file of the key and the target, from a folder."""

    folder: Path
    key: str

    def read(self, file: str) -> pd.DataFrame:
        """Read a file as text; a path counts from the raw folder.

        Raises:
            RawFileError: it is missing or damaged.
        """
        table: pd.DataFrame = RawTable(str(self.folder / file)).load()
        return table


@dataclass(frozen=True)
class NewRowsReader:
    """Reads a case's new rows and their lookup table from its folder of raw files."""

    folder: Path
    form: NewRows
    today: str

    def lookup_table(self) -> pd.DataFrame | None:
        """Read the lookup table that rows are joined with; None where the case has none."""
        if not self.form.lookup_table:
            return None
        # Every key differs from the others: it is not worth a dictionary.
        table: pd.DataFrame = RawTable(str(self.folder / self.form.lookup_table), plain=[self.form.join_key]).load()
        return table

    def blocks(self, file: str = "") -> Iterator[RawBlock]:
        """Read the rows block by block.

        Args:
            file: another one than the case's own; a path counts from the raw folder.

        Raises:
            RawFileError: the file is missing, of another kind or damaged, holds no rows, or has a column twice.
        """
        path = self.folder / (file or self.form.file)
        if not path.exists():
            raise RawFileError(
                f"{path} is missing; put the rows to predict there or name another file with predict.file"
            )
        if path.suffix not in READERS:
            raise RawFileError(f"{path}: give a file of {', '.join(READERS)}")
        first = 0
        try:
            for rows, broken in READERS[path.suffix](path, self.form):
                yield RawBlock(first, rows, broken)
                first += len(rows)
        except InvalidTableError as error:
            raise RawFileError(str(error)) from None
        except (pa.ArrowException, OSError, ValueError) as error:
            kind = path.suffix.lstrip(".").upper()
            raise RawFileError(f"{path} cannot be read as {kind} ({error}); it may be cut off or damaged") from error
        if not first:
            raise RawFileError(f"{path} holds no rows")


def _read_csv(path: Path, form: NewRows) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    """Read a CSV file as text, columns as categories; lines with another number of values are rejected."""
    options = read_csv_options(path, form.names, {form.key})
    # Memory does not grow with the file.
    options.read.block_size = PIECE_BYTES
    broken: list[str] = []

    def set_aside(row: pyarrow.csv.InvalidRow) -> str:
        broken.append(f"{row.actual_columns} values instead of {row.expected_columns}: {row.text[:SHOWN_CHARACTERS]}")
        return "skip"

    with pyarrow.csv.open_csv(
        path,
        read_options=options.read,
        parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=set_aside),
        convert_options=options.convert,
    ) as reader:
        read = iter(reader)
        while pieces := list(islice(read, PIECES_A_BLOCK)):
            block = pa.Table.from_batches(pieces).unify_dictionaries()
            if block.num_rows or broken:
                rejected = [broken.pop(0) for _ in range(len(broken))]
                yield _take(block.to_pandas(), form), rejected
    if broken:
        yield _take(pd.DataFrame(columns=options.names), form), broken


def _read_parquet(path: Path, form: NewRows) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    file = pyarrow.parquet.ParquetFile(path)
    refuse_repeated_columns(file.schema_arrow.names, str(path))
    for batch in file.iter_batches(BLOCK_ROWS):
        yield _take(batch.to_pandas(), form), []


def _read_arrays(path: Path, form: NewRows) -> Iterator[tuple[pd.DataFrame, list[str]]]:
    """Read a NumPy archive at once and yield its rows in blocks."""
    with np.load(path) as arrays:
        refuse_repeated_columns(arrays.files, str(path))
        rows = _take({name: arrays[name] for name in arrays.files}, form)
    for start in range(0, len(rows), BLOCK_ROWS):
        yield rows.iloc[start : start + BLOCK_ROWS].reset_index(drop=True), []


def _take(read: Any, form: NewRows) -> pd.DataFrame:  # noqa: ANN401 - a table, or arrays by name
    taken: pd.DataFrame = form.parse(read) if form.parse else read
    return taken


READERS = {".csv": _read_csv, ".parquet": _read_parquet, ".npz": _read_arrays}
