"""CSV options for raw files: every column as text, whether a file is read at once (`raw`) or in blocks (`blocks`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

from casebook.column_types.parsing import refuse_repeated_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class CsvOptions:
    """Column names of a CSV file, and Arrow's options to read it.

    Attributes:
        names: of the columns, in their order.
        read: how the file is cut and whether it names its columns.
        convert: every column as a dictionary of texts, or as plain texts.
    """

    names: list[str]
    read: pyarrow.csv.ReadOptions
    convert: pyarrow.csv.ConvertOptions


def read_csv_options(path: Path, names: Sequence[str] = (), plain: Collection[str] = ()) -> CsvOptions:
    """Read the header of a CSV file and declare every column as text; column types parse the values later.

    Args:
        path: of the file, in UTF-8.
        names: of the columns of a file that may come without a header line: the first line is a header when it holds
            no digit.
        plain: columns read without dictionary encoding, since nearly every value differs.

    Raises:
        ValueError: the first line is no text.
        InvalidTableError: two columns have one name.
    """
    with path.open("rb") as file:
        line = file.readline().decode("utf-8-sig").rstrip("\r\n")
    without_header = bool(names) and any(letter.isdigit() for letter in line)
    # Arrow finds the types by the names without their quotes, and guesses those of a column that it does not find.
    header = list(names) if without_header else _split(line)
    refuse_repeated_columns(header, str(path))
    types = {name: pa.string() if name in plain else pa.dictionary(pa.int32(), pa.string()) for name in header}
    return CsvOptions(
        header,
        pyarrow.csv.ReadOptions(column_names=header if without_header else None),
        pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True),
    )


def _split(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:
        raise ValueError(f"its first line is no header: {error}") from error
