"""Reading a table that nothing is known of: CSV in any dialect, Parquet, Excel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from casebook.config.extras import missing_extra
from casebook.data.data_frames import frame_arrow
from casebook.schema_inference.dialect import Dialect, read_bytes, sniff_dialect
from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.values import ColumnValues

if TYPE_CHECKING:
    from pathlib import Path

EXCEL = (".xlsx", ".xlsm", ".xls")
# Spellings of nothing, beside those that are always null and signs alone.
MARKERS = {"none", "missing", "unknown", "na", "n.a.", "nd", "<na>", "(null)", "not available", "-inf", "inf"}
MAX_MARKERS, MIN_NUMBERS = 3, 8
COMPRESSIONS = (".gz", ".zip")


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file.

    Attributes:
        name: of the table: the file's, as an identifier.
        path: of the file.
        dialect: how a CSV file is written; none of other files.
        columns: texts as categories, as a run reads them, or what a typed file holds.
    """

    name: str
    path: Path
    dialect: Dialect | None
    columns: pd.DataFrame

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.columns)


def read_table(path: Path, dialect: Dialect | None = None, sheet: str = "") -> RawTable:
    """Read a file by its suffix; one of text in the dialect that it is written in.

    Args:
        path: of the file.
        dialect: of a CSV file, where it is known.
        sheet: of a workbook; the first where it is empty.

    Raises:
        SchemaInferenceError: it is missing, empty, no table, or has columns twice or without a name.
    """
    suffix = path.with_suffix("").suffix if path.suffix in COMPRESSIONS else path.suffix
    columns: pd.DataFrame
    if suffix.lower() in EXCEL or suffix.lower() == ".parquet":
        dialect, columns = None, _read_typed(path, suffix.lower(), sheet).rename(columns=lambda name: str(name).strip())
    else:
        content = read_bytes(path)
        known, dialect = dialect is not None, dialect or sniff_dialect(content, path.name)
        columns = _read_csv(content, dialect, path.name)
        markers = () if known else find_null_markers(columns, dialect.decimal)
        if markers:
            dialect = replace(dialect, nulls=markers)
            columns = _read_csv(content, dialect, path.name)
    _refuse_names(list(columns.columns), path.name)
    if columns.empty:
        raise SchemaInferenceError(f"{path.name} has a header but no rows; give the complete file")
    return RawTable(name_table(path), path, dialect, columns)


def name_table(path: Path) -> str:
    """Name a table after its file: `Wa Churn.csv.gz` is `wa_churn`."""
    return to_identifier((path.with_suffix("") if path.suffix in COMPRESSIONS else path).stem)


def to_identifier(text: str) -> str:
    """Make a name of lower-case letters, digits and `_`, beginning with a letter."""
    word = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text.lower()).strip("_")
    return word if word[:1].isalpha() else f"table_{word}".rstrip("_")


def _read_typed(path: Path, suffix: str, sheet: str) -> pd.DataFrame:
    if not path.is_file():
        raise SchemaInferenceError(
            f"{path} is a folder: give the file" if path.is_dir() else f"there is no file {path}"
        )
    lacking = missing_extra("excel", "reading Excel files") if suffix in EXCEL else ""
    if lacking:
        raise SchemaInferenceError(f"{path.name}: {lacking}, or save it as CSV")
    try:
        if suffix == ".parquet":
            return frame_arrow(pa.parquet.read_table(path))
        return pd.read_excel(path, sheet_name=sheet or 0)
    except Exception as error:
        raise SchemaInferenceError(f"{path.name} cannot be read as {suffix[1:]} ({error}); get it again") from error


def _read_csv(content: bytes, dialect: Dialect, name: str) -> pd.DataFrame:
    """Read every column as a dictionary of texts, so that each distinct value is looked at once."""
    header = list(dialect.names) or _read_header(content, dialect)
    # Arrow would mix up columns of one name.
    _refuse_names(header, name)
    types = dict.fromkeys(header, pa.dictionary(pa.int32(), pa.string()))
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(content),
            read_options=pa.csv.ReadOptions(
                column_names=header, skip_rows=0 if dialect.names else 1, encoding=dialect.encoding
            ),
            parse_options=pa.csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=content.count(b'"') > 0),
            convert_options=pa.csv.ConvertOptions(
                column_types=types,
                strings_can_be_null=True,
                null_values=[*pa.csv.ConvertOptions().null_values, *dialect.nulls],
            ),
        )
    except pa.ArrowInvalid as error:
        raise SchemaInferenceError(
            f"{name} cannot be read as a table ({str(error)[:90]}); every line needs {len(header)} cells with "
            f"{dialect.delimiter!r} between them: mend the line"
        ) from error
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _read_header(content: bytes, dialect: Dialect) -> list[str]:
    import csv
    import io

    text = io.TextIOWrapper(io.BytesIO(content), encoding=dialect.encoding, errors="replace", newline="")
    names = next(row for row in csv.reader(text, delimiter=dialect.delimiter) if row)
    return [name.removeprefix("\ufeff").strip() for name in names]


def find_null_markers(columns: pd.DataFrame, decimal: str) -> tuple[str, ...]:
    """Find how a file writes what is missing, where it is not empty: `?` or `.` among numbers.

    Args:
        columns: texts.
        decimal: sign before the fraction of numbers.
    """
    found: dict[str, None] = {}
    for name in columns:
        column = ColumnValues.of(columns[name], decimal)
        wrong = np.isnan(column.parsed_numbers)
        texts = [column.texts[place] for place in np.flatnonzero(wrong)] if 0 < wrong.sum() <= MAX_MARKERS else []
        others = len(column.distinct) - len(texts)
        if texts and others >= MIN_NUMBERS and all(_is_marker(text) for text in texts):
            found |= dict.fromkeys(texts)
    return tuple(found)


def _is_marker(text: str) -> bool:
    return text.lower() in MARKERS or not any(letter.isalnum() for letter in text)


def _refuse_names(names: list[str], name: str) -> None:
    """Refuse columns twice or without a name.

    Raises:
        SchemaInferenceError: names them with their places.
    """
    nameless = [
        place for place, column in enumerate(names, 1) if not str(column).strip() or str(column).startswith("Unnamed: ")
    ]
    if nameless:
        raise SchemaInferenceError(
            f"{name}: column {', '.join(map(str, nameless))} of {len(names)} has no name; write one into the header "
            f"line, or remove the column (pandas and R write row numbers so: index=False, row.names=FALSE)"
        )
    twice = [column for column, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        places = [place for place, column in enumerate(names, 1) if column == twice[0]]
        raise SchemaInferenceError(
            f"{name}: the column {twice[0]} stands there {len(places)} times (columns {', '.join(map(str, places))} of "
            f"{len(names)}); give each a name of its own"
        )
