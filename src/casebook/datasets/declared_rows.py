"""New rows of declared cases: read as the declaration says, and joined to its further tables, block by block."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.batch_scoring.raw_block import RawBlock
from casebook.cases.declared import find_file
from casebook.column_types.column_type import distinct_of_type
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.data.declared_tables import find_rows, show_keys
from casebook.data.joins import come_joined
from casebook.data.row_description import kind_of_column
from casebook.datasets.blocks import BLOCK_ROWS, NewRowsReader
from casebook.datasets.declared import is_plain, name_columns, read_table, text_form
from casebook.datasets.raw import RawFileError, reading
from casebook.datasets.raw import find_file as find_named_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebook.cases.declared import Declaration
    from casebook.column_types.kinds import Kind
    from casebook.config.schema.table_declaration import DataParameters, TableParameters


@dataclass(frozen=True)
class Lookup:
    """A further table, ready to be joined to raw rows.

    Attributes:
        said: how it is declared.
        kinds: of the keys, by their names in the rows.
        keys: parsed, under their names in the rows.
        columns: the others, raw, under their names in the joined rows.
    """

    said: TableParameters
    kinds: dict[str, Kind]
    keys: pd.DataFrame
    columns: pd.DataFrame

    def join(self, block: RawBlock, file: str) -> RawBlock:
        """Add the table's columns to rows of a file; those without a partner are set aside unless they are missing.

        Raises:
            InvalidTableError: the rows have some of them already.
        """
        missing = [name for name in self.kinds if name not in block.rows]
        # Of missing keys the scorer says which columns the model needs.
        if come_joined(block.rows, self.columns, file, self.said.file) or missing:
            return block
        keys = pd.DataFrame({name: parse_leniently(block.rows[name], kind) for name, kind in self.kinds.items()})
        places = find_rows(keys, self.keys, self.said)
        taken = {
            str(name): pd.Series(pd.api.extensions.take(self.columns[name].array, places, allow_fill=True))
            for name in self.columns
        }
        rows = pd.concat([block.rows.reset_index(drop=True), pd.DataFrame(taken)], axis=1)
        if self.said.unmatched == "missing" or (places >= 0).all():
            return RawBlock(rows, block.numbers, block.broken)
        lost = np.flatnonzero(places < 0)
        reasons = [
            (int(block.numbers[row]), f"{show_keys(block.rows[list(self.kinds)].iloc[row])} is not in {self.said.file}")
            for row in lost
        ]
        kept = places >= 0
        return RawBlock(rows[kept].reset_index(drop=True), block.numbers[kept], [*block.broken, *reasons])


@dataclass(frozen=True)
class DeclaredRowsReader(NewRowsReader):
    """Reads a declared case's new rows: joined rows, as its model takes them.

    Attributes:
        declaration: of the case.
    """

    declaration: Declaration = field(kw_only=True)

    @property
    def data(self) -> DataParameters:
        """What is declared of the case's tables."""
        return self.declaration.data

    @property
    def target(self) -> str:
        """The case's target."""
        return str(self.declaration.tree["target"])

    @property
    def said(self) -> TableParameters:
        """How the file of the rows is declared."""
        return next(iter(self.data.tables.values()))

    def lookup_table(self) -> pd.DataFrame | None:
        """Read the table that the scorer joins; None where rows come joined."""
        return self._read_table(self.data.tables[self.joined_later]) if self.joined_later else None

    @property
    def joined_later(self) -> str:
        """Name of the table that the scorer joins; empty where there is none."""
        return list(self.data.tables)[1] if self.form.lookup_table else ""

    def place(self, file: str = "") -> Path:
        """Find the file to predict; see `NewRowsReader.place`.

        Raises:
            RawFileError: there is none.
        """
        path = find_named_file(file, self.folder) if file else find_file(self.declaration.name, self.form.file)
        if not path.exists():
            raise RawFileError(
                f"{path} is missing; put the rows to predict there or name another file with predict.file"
            )
        return path

    def blocks(self, file: str = "") -> Iterator[RawBlock]:
        """Read the rows block by block, and join them.

        Raises:
            RawFileError: the file is missing or damaged, or holds no rows.
            InvalidTableError: a further table does not fit.
        """
        path = self.place(file)
        for block in self._read(path):
            named = name_columns(block.rows, self.said)
            joined = RawBlock(named, block.numbers, block.broken)
            for lookup in self.lookups:
                joined = lookup.join(joined, path.name)
            yield joined

    def read_tables(self) -> None:
        """Read the tables that are joined while rows are read, as far as that was not done."""
        _ = self.lookups

    def tables(self) -> dict[str, Path]:
        """Return where the further tables lie, by the names of their files."""
        names = [said.file for said in list(self.data.tables.values())[1:]]
        return {name: self.places.get(name) or find_file(self.declaration.name, name) for name in names}

    def holds_rows(self, path: Path) -> bool:
        """Return whether a file may be one of rows, by its name: it may end as that of the case does."""
        return super().holds_rows(path) or (path.suffix != "" and path.suffix == Path(self.said.file).suffix)

    @cached_property
    def lookups(self) -> list[Lookup]:
        """The further tables that rows are joined with here, read once.

        Raises:
            RawFileError: one is missing or damaged.
            InvalidTableError: one does not fit.
        """
        return [self._open(name) for name in list(self.data.tables)[1:] if name != self.joined_later]

    def _read(self, path: Path) -> Iterator[RawBlock]:
        """Read a file in blocks, as far as it is of a kind that allows it."""
        # Without a header line only the last column may be missing: the target, which rows to predict have not.
        names = [] if self.said.header else self.said.column_names
        if not is_plain(path, self.said) or (names and names[-1] != self.target):
            return self._read_whole(path)
        form = replace(self.form, names=tuple(names))
        return NewRowsReader(self.folder, form, self.today, text_form(self.said)).blocks(str(path))

    def _read_whole(self, path: Path) -> Iterator[RawBlock]:
        """Read a file that no other case has the form of: with other signs, or a workbook."""
        with reading(path):
            table = read_table(path, self.said)
        if not len(table):
            raise RawFileError(f"{path} holds no rows; put the rows to predict there")
        for start in range(0, len(table), BLOCK_ROWS):
            rows = table.iloc[start : start + BLOCK_ROWS].reset_index(drop=True)
            yield RawBlock(rows, np.arange(start, start + len(rows)))

    def _open(self, name: str) -> Lookup:
        said = self.data.tables[name]
        table = self._read_table(said)
        keys = {right: left for left, right in said.join_on.items()}
        kinds = {
            left: kind_of_column(table[right], self.data.for_columns([left]).columns.get(left), said.decimal)
            for right, left in keys.items()
        }
        parsed = pd.DataFrame({left: parse_leniently(table[right], kinds[left]) for right, left in keys.items()})
        return Lookup(said, kinds, parsed, table.drop(columns=list(keys)).add_prefix(said.prefix))

    def _read_table(self, said: TableParameters) -> pd.DataFrame:
        path = self.tables()[said.file]
        if not path.exists():
            raise RawFileError(f"{path} is missing; the rows to predict are joined to it")
        with reading(path):
            return read_table(path, said)


def parse_leniently(column: pd.Series, kind: Kind) -> pd.Series:
    """Parse a column of keys; what is not of its type is none of the other table's either, and becomes null."""
    column_type = COLUMN_TYPES[kind]
    if column_type.is_certain(column):
        return column_type.parse_column(column, str(column.name))
    codes, values = distinct_of_type(column)
    parsed, wrong = column_type.parse_distinct(values)
    known = np.where(np.append(wrong, True)[codes], -1, codes)
    return column_type.spread_parsed(column, known, parsed).reset_index(drop=True)
