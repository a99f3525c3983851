"""New raw rows read in blocks, so that memory does not grow with the file; and their outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.batch_scoring.raw_block import RawBlock
from casebook.cases.declared import read_declaration
from casebook.cases.registry import load_case
from casebook.config.paths import raw_folder
from casebook.data.data_frames import frame_arrow
from casebook.data.named_arrays import frame_arrays
from casebook.data.source_names import name_source
from casebook.datasets.csv_blocks import read_csv_blocks
from casebook.datasets.csv_reading import read_csv_options
from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.file_kinds import ALLOWED, ARRAYS, CSV, PARQUET, kind_of, list_text
from casebook.datasets.parquet_files import read_parquet_batches
from casebook.datasets.parts import list_parts
from casebook.datasets.raw import RawFileError, RawTable, digest_source, find_file, read_arrays, reading
from casebook.datasets.text_forms import USUAL, TextForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from casebook.batch_scoring.file_scorer import Part
    from casebook.cases.registry import NewRows

BLOCK_ROWS = 65_536
# What a kind of file holds, the numbers of its rows, and number and reason of those that could not be read.
Read = tuple[Any, np.ndarray, list[tuple[int, str]]]


class RawFolder(FileDataset):
    """Base class of what reads from a case's folder of raw files."""

    def __init__(self, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the case and its folder."""
        super().__init__(str(raw_folder(case)), metadata)
        self._case = case

    def save(self, data: object) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: raw files are never written by a pipeline."""
        raise RawFileError(f"{self._filepath} holds raw files and is never written by a pipeline")


class NewRowsFolder(RawFolder):
    """Read-only: a case's folder of raw files, whose new rows are read as its `NewRows` says."""

    def load(self) -> NewRowsReader:
        """Return the reader of the files."""
        today = f"{datetime.now(UTC).astimezone():%Y-%m-%d}"
        case = load_case(self._case)
        if case.feature_sources is None:
            from casebook.datasets.declared_rows import DeclaredRowsReader

            return DeclaredRowsReader(self._filepath, case.new_rows, today, declaration=read_declaration(self._case))
        return NewRowsReader(self._filepath, case.new_rows, today)


@dataclass(frozen=True)
class NewRowsReader:
    """Reads a case's new rows and their lookup table.

    Attributes:
        folder: of its raw files.
        form: of the rows.
        today: day of rows without one.
        text_form: how their text files are written.
        places: of tables that do not lie where they are looked for, by name.
    """

    folder: Path
    form: NewRows
    today: str
    text_form: TextForm = USUAL
    places: Mapping[str, Path] = field(default_factory=dict)

    def lookup_table(self) -> pd.DataFrame | None:
        """Read the lookup table that rows are joined with; None where the case has none."""
        if not self.form.lookup_table:
            return None
        # Every key differs from the others: it is not worth a dictionary.
        place = self.tables()[self.form.lookup_table]
        table: pd.DataFrame = RawTable(str(place), plain=[self.form.join_key]).load()
        return table

    def read_tables(self) -> None:
        """Read the tables that are joined while rows are read, as far as that was not done; here there are none."""

    def tables(self) -> dict[str, Path]:
        """Return where the tables lie that rows are joined with, by name."""
        name = self.form.lookup_table
        return {name: self.places.get(name, self.folder / name)} if name else {}

    def digest_tables(self) -> str:
        """Hash the content of these tables; those that are not there count as empty."""
        found = [digest_source(place) if place.exists() else "" for place in self.tables().values()]
        return " ".join(found)

    def parts(self, given: str) -> list[Part]:
        """List the files of rows in a folder, or those that a pattern like `inbox/*.csv.gz` names.

        Raises:
            RawFileError: there is none.
        """
        return list_parts(given, self.folder, self.holds_rows)

    def holds_rows(self, path: Path) -> bool:
        """Return whether a file may be one of rows, by its name."""
        return bool(kind_of(path))

    def place(self, file: str = "") -> Path:
        """Find the file to predict.

        Args:
            file: another one than the case's own; see `raw.find_file`.

        Raises:
            RawFileError: there is none, or it is of a kind that is not read.
        """
        path = find_file(file, self.folder) if file else self.folder / self.form.file
        if not path.exists():
            raise RawFileError(
                f"{path} is missing; put the rows to predict there or name another file with predict.file"
            )
        if not kind_of(path):
            raise RawFileError(f"{path}: give a file of {ALLOWED}")
        return path

    def form_of(self, file: str = "") -> NewRows:
        """Return the form of the rows, with the name of the file that is read."""
        return replace(self.form, file=self.place(file).name)

    def digest(self, file: str = "") -> str:
        """Hash the file's content."""
        return digest_source(self.place(file))

    def blocks(self, file: str = "") -> Iterator[RawBlock]:
        """Read the rows block by block.

        Raises:
            RawFileError: the file is missing, of another kind or damaged, or holds no rows.
            InvalidTableError: it does not hold what the case needs.
        """
        path, any_rows = self.place(file), False
        read = READERS[kind_of(path)](path, self.form, self.text_form)
        while True:
            # What a case makes of the rows has errors of its own, which are no damage of the file.
            with reading(path):
                found = next(read, None)
            if found is None:
                break
            content, numbers, broken = found
            rows = self._take(name_source(content, path.name))
            any_rows = any_rows or bool(len(rows) or broken)
            if isinstance(content, pd.DataFrame):
                # A case may take its header for one if it comes as the first row.
                yield RawBlock(rows, numbers[len(content) - len(rows) :], broken)
            else:
                for start in range(0, len(rows), BLOCK_ROWS):
                    some = rows.iloc[start : start + BLOCK_ROWS].reset_index(drop=True)
                    yield RawBlock(some, np.arange(start, start + len(some)))
        if not any_rows:
            raise RawFileError(f"{path} holds no rows; put the rows to predict there")

    def _take(self, content: Any) -> pd.DataFrame:  # noqa: ANN401 - a table, or arrays by name
        """Make raw rows of what the file holds."""
        if not isinstance(content, pd.DataFrame):
            return (self.form.parse_arrays or frame_arrays)(content)
        return self.form.parse(content) if self.form.parse else content


def _read_csv(path: Path, form: NewRows, text_form: TextForm) -> Iterator[Read]:
    """Read a CSV file, or a folder of such, as texts, columns as categories; rows that cannot be read are set aside."""
    first = 0
    for file in list_text(path) if path.is_dir() else [path]:
        end = first
        with reading(file):
            options = read_csv_options(file, form.names, {form.key}, may_lack_last=True, form=text_form)
            for block in read_csv_blocks(file, options):
                numbers, broken = block.numbers + first, [(row + first, why) for row, why in block.broken]
                end = max(end, *(numbers[-1:] + 1), *(row + 1 for row, _ in broken))
                yield block.table.to_pandas(), numbers, broken
        first = end


def _read_parquet(path: Path, *_: object) -> Iterator[Read]:
    """Read a Parquet file or folder; the names of subfolders like `month=1` are columns."""
    first = 0
    for batch in read_parquet_batches(path, BLOCK_ROWS):
        yield frame_arrow(batch), np.arange(first, first + batch.num_rows), []
        first += batch.num_rows


def _read_arrays(path: Path, *_: object) -> Iterator[Read]:
    """Read a NumPy archive, which must be read whole."""
    yield read_arrays(path), np.arange(0), []


READERS: dict[str, Callable[[Path, NewRows, TextForm], Iterator[Read]]] = {
    CSV: _read_csv,
    PARQUET: _read_parquet,
    ARRAYS: _read_arrays,
}
