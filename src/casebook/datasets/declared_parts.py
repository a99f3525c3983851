"""The raw files of a declared case as parts that are read one by one, for tables that do not fit into memory."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.cases.declared import find_file, read_declaration
from casebook.data.data_frames import frame_arrow
from casebook.datasets.csv_blocks import find_cuts
from casebook.datasets.csv_reading import read_csv_options
from casebook.datasets.declared import (
    check_names,
    explain_whole,
    name_columns,
    refuse_other_columns,
    set_names,
    text_form,
)
from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.file_kinds import COMPRESSED, PARQUET, kind_of, list_text
from casebook.datasets.parquet_files import list_fragments, open_parquet
from casebook.datasets.raw import RawFileError, reading
from casebook.datasets.raw_parts import RawPart, RowGroups, TextStretch
from casebook.datasets.text_forms import open_text, refuse_utf_8

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyarrow import Schema
    from pyarrow.dataset import ParquetFileFragment

    from casebook.config.schema.table_declaration import DataParameters, TableParameters
    from casebook.datasets.csv_reading import CsvOptions

# Of text, and of Parquet before it is unpacked: a part is worked on with some ten times as much memory.
PART_BYTES = 16 << 20


class DeclaredParts(FileDataset):
    """Read-only: the parts of all raw tables of a declared case."""

    def __init__(self, case: str, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the case, and the folder for copies of files that cannot be read in parts as they are."""
        super().__init__(filepath, metadata)
        self._case = case

    def load(self) -> dict[str, list[RawPart]]:
        """List the parts by table, the one of the rows first.

        Raises:
            RawFileError: a file is missing, of another kind, or has other columns than the others of its folder.
        """
        data: DataParameters = read_declaration(self._case).data
        ids = {name for name, column in data.columns.items() if column.type == "id"}
        shutil.rmtree(self._filepath, ignore_errors=True)
        parts = {}
        for table, said in data.tables.items():
            plain = {name.removeprefix(said.prefix) for name in ids} - set(said.join_on.values())
            parts[table] = TableParts(find_file(self._case, said.file), said, plain, self._filepath).find()
        return parts

    def save(self, data: object) -> None:  # noqa: ARG002 - Kedro's signature
        """Raise RawFileError: raw files are never written by a pipeline."""
        raise RawFileError("raw files are never written by a pipeline")


@dataclass(frozen=True)
class TableParts:
    """The parts of one raw table.

    Attributes:
        path: its file, or a folder of such.
        said: how it is declared.
        plain: columns of text that differ in nearly every row.
        scratch: the folder for unpacked copies.
    """

    path: Path
    said: TableParameters
    plain: set[str]
    scratch: Path

    def find(self) -> list[RawPart]:
        """Find the parts in the order of their rows; their first rows are not numbered yet.

        Raises:
            RawFileError: see `DeclaredParts.load`.
        """
        if not self.path.exists():
            raise RawFileError(f"{self.path} is missing; put the file there or see data/README.md")
        if why := explain_whole(self.path, self.said):
            raise RawFileError(f"{self.path}: {why}, or give engine=pandas")
        with reading(self.path):
            return list(self._list_parquet() if kind_of(self.path) == PARQUET else self._list_text())

    def _list_parquet(self) -> Iterator[RawPart]:
        found = open_parquet(self.path)
        names = self._name(list(frame_arrow(found.schema.empty_table()).columns))
        for fragment in list_fragments(found):
            groups: list[int] = []
            size = 0
            for group in fragment.row_groups:
                if groups and size + group.total_byte_size > PART_BYTES:
                    yield self._take_groups(fragment, groups, found.schema, names)
                    groups, size = [], 0
                groups.append(group.id)
                size += group.total_byte_size
            if groups:
                yield self._take_groups(fragment, groups, found.schema, names)

    def _take_groups(
        self, fragment: ParquetFileFragment, groups: list[int], schema: Schema, names: tuple[str, ...]
    ) -> RawPart:
        return RawPart(self.path, self.path.name, names, RowGroups(fragment.subset(row_group_ids=groups), schema))

    def _list_text(self) -> Iterator[RawPart]:
        files = list_text(self.path) if self.path.is_dir() else [self.path]
        first: tuple[str, ...] = ()
        for file in files:
            own, options = self._open(file)
            names = self._name(options.names)
            first = first or names
            refuse_other_columns(file, list(names), files[0], list(first))
            cuts = find_cuts(own, options, PART_BYTES)
            for start, stop in pairwise(cuts):
                yield RawPart(own, file.name, names, TextStretch(start, stop, options), copy=own != file)

    def _open(self, file: Path) -> tuple[Path, CsvOptions]:
        """Return a file that can be read from any byte on, and how: a copy where it is packed or transcoded."""
        form, names = text_form(self.said), () if self.said.header else self.said.column_names
        if form.is_transcoded or file.suffix.lower() in COMPRESSED:
            self.scratch.mkdir(parents=True, exist_ok=True)
            copy = self.scratch / f"{len(list(self.scratch.iterdir()))}-{file.name}.csv"
            with open_text(file, form) as packed, copy.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            refuse_utf_8(file, form)
            file, form = copy, replace(form, encoding="utf-8")
        return file, read_csv_options(file, names, self.plain, form=form)

    def _name(self, columns: list[str]) -> tuple[str, ...]:
        """Name the columns as the case declares them."""
        header = pd.DataFrame(columns=columns)
        header = set_names(header, self.said) if self.said.names and kind_of(self.path) == PARQUET else header
        named = list(map(str, name_columns(header, self.said).columns))
        check_names(named, self.path)
        return tuple(named)
