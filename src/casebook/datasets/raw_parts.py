"""Raw files in parts: stretches of CSV files and groups of rows of Parquet files, alone or a whole folder of them.

A part is read by itself, in any process that sees the files. Together the parts are what the reader of whole files
makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset

from casebook.data.source_names import name_source
from casebook.datasets.csv_blocks import read_csv_stretch
from casebook.datasets.file_kinds import UnreadableError
from casebook.datasets.parquet_files import list_fragments, open_parquet

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pandas as pd

    from casebook.datasets.csv_reading import CsvOptions


@dataclass(frozen=True)
class RawPart:
    """Some rows of a raw table.

    Attributes:
        path: the file, or of Parquet the file or folder of the table.
        source: what errors call it.
        names: of the columns, as the case declares them.
        start: the first byte of a text file; of Parquet the number of the file in its folder.
        stop: the byte behind the last one of a text file.
        groups: of rows of a Parquet file.
        options: how a text file is read; none for Parquet.
        first: number of the first row in the table.
    """

    path: Path
    source: str
    names: tuple[str, ...]
    start: int
    stop: int
    groups: tuple[int, ...] = ()
    options: CsvOptions | None = None
    first: int = 0

    def read(self, columns: Collection[str] | None = None) -> pd.DataFrame:
        """Read the rows, numbered as in the table.

        Args:
            columns: those that are wanted; None for all.

        Raises:
            UnreadableError: they cannot be read; names the file.
        """
        try:
            frame = self._read_parquet(columns) if self.options is None else self._read_text(self.options, columns)
        except (UnreadableError, pa.ArrowException, OSError) as error:
            raise UnreadableError(f"{self.path} cannot be read: {error}") from None
        return name_source(frame.set_axis(range(self.first, self.first + len(frame)), axis=0), self.source)

    def _read_text(self, options: CsvOptions, columns: Collection[str] | None) -> pd.DataFrame:
        taken = [place for place, name in enumerate(self.names) if columns is None or name in columns]
        # What is not wanted is looked at, but not kept.
        own = replace(options, convert=_only(options, [options.names[place] for place in taken]))
        table = read_csv_stretch(self.path, own, self.start, self.stop, self.first)
        frame: pd.DataFrame = table.to_pandas()
        return frame.set_axis([self.names[place] for place in taken], axis=1)

    def _read_parquet(self, columns: Collection[str] | None) -> pd.DataFrame:
        found, fragments = _open(self.path)
        table = fragments[self.start].subset(row_group_ids=list(self.groups)).to_table(schema=found.schema)
        frame: pd.DataFrame = table.to_pandas().set_axis(list(self.names), axis=1)
        return frame if columns is None else frame[[name for name in self.names if name in columns]]


def _only(options: CsvOptions, names: list[str]) -> pyarrow.csv.ConvertOptions:
    said = options.convert
    return pyarrow.csv.ConvertOptions(
        column_types=said.column_types,
        strings_can_be_null=said.strings_can_be_null,
        null_values=said.null_values,
        include_columns=names,
    )


@cache
def _open(path: Path) -> tuple[pa.dataset.Dataset, list[pa.dataset.Fragment]]:
    found = open_parquet(path)
    return found, list_fragments(found)
