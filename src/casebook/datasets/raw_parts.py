"""Raw files in parts: stretches of CSV files and groups of rows of Parquet files, alone or a whole folder of them.

A part is read by itself, in any process that sees the files. Together the parts are what the reader of whole files
makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset

from casebook.data.data_frames import frame_arrow
from casebook.data.source_names import name_source
from casebook.datasets.csv_blocks import read_csv_stretch
from casebook.datasets.file_kinds import UnreadableError
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import pandas as pd

    from casebook.datasets.csv_reading import CsvOptions


@dataclass(frozen=True)
class TextStretch:
    """Whole rows of a text file.

    Attributes:
        start: the first byte.
        stop: the byte behind the last one.
        options: how the file is read.
    """

    start: int
    stop: int
    options: CsvOptions

    def read(self, path: Path, taken: Sequence[int]) -> pd.DataFrame:
        """Read the columns in some places; what is not wanted is looked at, but not kept."""
        own = replace(self.options, convert=_only(self.options, [self.options.names[place] for place in taken]))
        try:
            table = read_csv_stretch(path, own, self.start, self.stop)
        except UnreadableError as error:
            # How many rows there are before is not known to who reads the part.
            raise UnreadableError(f"counted from byte {self.start:,} on, {error}") from None
        frame: pd.DataFrame = table.to_pandas()
        return frame


@dataclass(frozen=True)
class RowGroups:
    """Groups of rows of a Parquet file, found when the table was listed: the folder may hold others since.

    Attributes:
        fragment: the groups in their file, with the columns that its subfolders are.
        schema: of all files of the table.
    """

    fragment: pa.dataset.ParquetFileFragment
    schema: pa.Schema

    def read(self, _: Path, taken: Sequence[int]) -> pd.DataFrame:
        """Read the columns in some places."""
        return frame_arrow(self.fragment.to_table(schema=self.schema)).iloc[:, list(taken)]


@dataclass(frozen=True)
class RawPart:
    """Some rows of a raw table.

    Attributes:
        path: the file, or of Parquet the file or folder of the table.
        source: what errors call it.
        names: of the columns, as the case declares them.
        held: where the rows stand in it.
        first: number of the first row in the table.
        copy: whether the file is a copy that this machine alone has, until the rows are prepared.
    """

    path: Path
    source: str
    names: tuple[str, ...]
    held: TextStretch | RowGroups
    first: int = 0
    copy: bool = False

    def read(self, columns: Collection[str] | None = None) -> pd.DataFrame:
        """Read the rows, numbered as in the table.

        Args:
            columns: those that are wanted; None for all.

        Raises:
            RawFileError: they cannot be read; names the file.
        """
        taken = [place for place, name in enumerate(self.names) if columns is None or name in columns]
        try:
            frame = self.held.read(self.path, taken)
        except (UnreadableError, pa.ArrowException, OSError) as error:
            raise RawFileError(f"{self.path} cannot be read: {error}") from None
        frame = frame.set_axis([self.names[place] for place in taken], axis=1)
        return name_source(frame.set_axis(range(self.first, self.first + len(frame)), axis=0), self.source)


def _only(options: CsvOptions, names: list[str]) -> pyarrow.csv.ConvertOptions:
    said = options.convert
    return pyarrow.csv.ConvertOptions(
        column_types=said.column_types,
        strings_can_be_null=said.strings_can_be_null,
        null_values=said.null_values,
        include_columns=names,
    )
