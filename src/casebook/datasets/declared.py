"""Raw files of declared cases: which file a table is read from, and how its declaration says that it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.cases.declared import find_file, read_declaration
from casebook.column_types.parsing import refuse_repeated_columns
from casebook.data.given_split import divide_rows
from casebook.data.named_arrays import frame_columns
from casebook.data.stacking import stack_tables
from casebook.datasets.arrivals import ArrivalsReader, ArrivedFiles
from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.file_kinds import ARRAYS, CSV, PARQUET, UnreadableError, kind_of, list_text
from casebook.datasets.parquet_files import read_parquet
from casebook.datasets.raw import RawFile, read_arrays, read_csv
from casebook.datasets.text_forms import TextForm
from casebook.preprocessing.row_schema import RowSchema
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from casebook.config.schema.table_declaration import TableParameters

WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".ods"}


class DeclaredTable(RawFile):
    """A raw table of a declared case, read as text: columns as categories; as they are where the file has types."""

    def __init__(self, case: str, table: str = "", filepath: str = "", metadata: dict[str, Any] | None = None) -> None:
        """Find the file.

        Args:
            case: its name.
            table: its name in the case's declaration; empty for the first.
            filepath: another file of the same form.
            metadata: for Kedro-Viz.
        """
        data = read_declaration(case).data
        self._table = data.tables[table or next(iter(data.tables))]
        ids = [name for name, column in data.columns.items() if column.type == "id"]
        self._plain = {name.removeprefix(self._table.prefix) for name in ids} - set(self._table.join_on.values())
        super().__init__(filepath or str(find_file(case, self._table.file)), metadata)

    def _read(self) -> pd.DataFrame:
        table, split = read_table(self._filepath, self._table, self._plain), self._table.given_split
        return divide_rows(table, split) if split else table


class DeclaredArrivals(ArrivedFiles):
    """Read-only: files of new labelled rows in the form of a declared case's first table."""

    def __init__(self, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep the case."""
        super().__init__({"filepath": DeclaredTable(case)._describe()["filepath"]}, metadata)
        self._case = case

    def load(self) -> ArrivalsReader:
        """Return what reads the files, without reading any yet."""
        return DeclaredArrivalsReader(self._form, self._case)


@dataclass(frozen=True)
class DeclaredArrivalsReader(ArrivalsReader):
    """Reads files in the form of a declared case's first table."""

    case: str = ""

    def read(self, file: str) -> pd.DataFrame:
        """Read a file; see `raw.find_file` for where it may lie."""
        table: pd.DataFrame = DeclaredTable(self.case, filepath=str(self.place(file))).load()
        return table


class RowSchemaFile(FileDataset):
    """The schema of a declared case's joined rows, as JSON."""

    def load(self) -> RowSchema:
        """Read the schema."""
        return RowSchema.from_dict(json.loads(self._filepath.read_text(encoding="utf-8")))

    def save(self, data: RowSchema) -> None:
        """Write the schema, whole or not at all."""
        with atomic_write(self._filepath) as path:
            path.write_text(json.dumps(data.to_dict(), indent=1), encoding="utf-8")


def is_plain(path: Path, said: TableParameters) -> bool:
    """Return whether a file can be read block by block: text whose names are its own, or Parquet."""
    return kind_of(path) == PARQUET or (kind_of(path) == CSV and not (said.header and said.names))


def explain_whole(path: Path, said: TableParameters) -> str:
    """Say why a file must be read whole, and how it would not have to be; nothing where it can be read in parts."""
    if said.given_split:
        return "its published split shuffles all rows"
    if is_plain(path, said):
        return ""
    if kind_of(path) == CSV:
        return "names that take the place of a header are given to whole files; leave out names, and rename columns"
    return "files of this kind are read whole; save it as CSV or Parquet"


def text_form(said: TableParameters) -> TextForm:
    """Say how the text files of a table are written."""
    return TextForm(said.delimiter, said.encoding, tuple(said.nulls))


def read_table(path: Path, said: TableParameters, plain: Collection[str] = ()) -> pd.DataFrame:
    """Read a file as its declaration says.

    Args:
        path: of the file.
        said: its declaration.
        plain: columns of a usual text file that are read as texts instead of categories.

    Raises:
        ValueError: it cannot be read so, or has columns twice or without a name.
    """
    kind, workbook = kind_of(path), path.suffix.lower() in WORKBOOKS
    if kind == PARQUET:
        table: pd.DataFrame = read_parquet(path)
    elif workbook:
        table = pd.read_excel(path, sheet_name=said.sheet or 0, header=0 if said.header else None, dtype=object)
    elif kind == ARRAYS:
        table = frame_columns(read_arrays(path), said.arrays, path.name)
    else:
        table = _read_text(path, said, plain)
    if said.names and (workbook or kind == PARQUET):
        table = set_names(table, said)
    table = name_columns(table, said)
    check_names(list(table.columns), path)
    return table


def check_names(names: list[str], path: Path) -> None:
    """Refuse columns without a name, or of one name.

    Raises:
        ValueError: names the place of the first.
        InvalidTableError: names the columns.
    """
    unnamed = [place for place, name in enumerate(names, 1) if not name.strip() or name.startswith("Unnamed: ")]
    if unnamed:
        raise ValueError(f"column {unnamed[0]} has no name; name it in the file's header or with names: [...]")
    refuse_repeated_columns(names, str(path))


def name_columns(table: pd.DataFrame, said: TableParameters) -> pd.DataFrame:
    """Rename columns as the declaration says, whatever their case; blanks around a name are none of it."""
    named = said.column_names
    spelled = {spell(name): name for name in named} | {spell(name): to for name, to in said.rename.items()}
    exact = said.rename | {name: name for name in named}
    return table.rename(columns=lambda name: exact.get(str(name), spelled.get(spell(str(name)), str(name).strip())))


def spell(name: str) -> str:
    """Write the name of a column as those that are declared are compared: small letters without blanks around."""
    return name.strip().lower()


def _read_text(path: Path, said: TableParameters, plain: Collection[str]) -> pd.DataFrame:
    """Read a CSV file, packed or not, or a folder of such; columns are texts: what they mean their types say."""
    names, form = () if said.header else said.column_names, text_form(said)
    files = list_text(path) if path.is_dir() else [path]
    read = [name_columns(read_csv(file, names, plain, form), said) for file in files]
    for file, other in zip(files, read, strict=True):
        refuse_other_columns(file, list(other.columns), files[0], list(read[0].columns))
    table = stack_tables(read).reset_index(drop=True) if len(read) > 1 else read[0]
    return set_names(table, said) if said.header and said.names else table


def refuse_other_columns(file: Path, names: list[str], usual: Path, first: list[str]) -> None:
    """Refuse a file of a folder whose columns are not those of the first one, in their order.

    Raises:
        UnreadableError: names the file, and how it differs.
    """
    if names == first:
        return
    lacks = [name for name in first if name not in names]
    more = [name for name in names if name not in first]
    told = [f"lacks {', '.join(lacks)}"] * bool(lacks) + [f"has {', '.join(more)} besides"] * bool(more)
    differs = " and ".join(told) or "has its columns in another order"
    raise UnreadableError(f"{file.name} {differs}, unlike {usual.name} of the same folder; mend its header")


def set_names(table: pd.DataFrame, said: TableParameters) -> pd.DataFrame:
    """Put the declared names in the place of those of a file.

    Raises:
        UnreadableError: they are not as many.
    """
    if len(said.names) != table.shape[1]:
        raise UnreadableError(
            f"it has {table.shape[1]} columns, and the case declares the names of {len(said.names)}: "
            f"{', '.join(map(str, said.names))}"
        )
    return table.set_axis(said.names, axis="columns")
