"""How an unknown text file is written: compression, encoding, delimiter, decimal sign, header."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from casebook.schema_inference.choices import lists_choices
from casebook.schema_inference.errors import SchemaInferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 1 << 19
SAMPLE_LINES = 300
# Of the sampled lines; the others may hold a quoted line end, or be a note below the table.
MIN_REGULAR_SHARE = 0.9
# A number with either sign, or a date in digits.
VALUE = re.compile(r"\s*[+-]?(\d*[.,]?\d+|\d+[.,]?)([eE][+-]?\d+)?\s*|\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+\s*")
# 1,500 may be a thousand and a half.
THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")
# How other kinds of file begin.
SIGNATURES = {
    b"%PDF": "a PDF", b"\x89PNG": "an image", b"\xff\xd8\xff": "an image", b"SQLite format": "an SQLite database",
    b"RDX": "an R workspace", b"\x93NUMPY": "a NumPy array", b"PAR1": "Parquet without its suffix",
    b"<": "HTML or XML",
}  # fmt: skip
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        delimiter: between the cells of a line.
        encoding: of the characters.
        decimal: sign before a number's fraction.
        names: of the columns, where the file has no header line; made up as `column_1`, `column_2`.
        nulls: spellings of what is missing, beside an empty cell, NA and the like.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    names: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()


def read_bytes(path: Path) -> bytes:
    """Read a file's content, unpacked where its suffix is `.gz` or `.zip`.

    Raises:
        SchemaInferenceError: there is no such file, it is empty or damaged, or an archive holds several files.
    """
    if not path.is_file():
        raise SchemaInferenceError(
            f"{path} is a folder: give the file" if path.is_dir() else f"there is no file {path}"
        )
    try:
        content = _unpack(path)
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise SchemaInferenceError(f"{path} cannot be read ({error}); it may be cut off: get it again") from error
    if not content.strip():
        raise SchemaInferenceError(f"{path} is empty; give a file with a header line and rows")
    if content[:1] in b"\r\n":
        raise SchemaInferenceError(f"{path} begins with an empty line; remove it, so that the first line is the header")
    return content


def _unpack(path: Path) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            return file.read()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
            if len(names) != 1:
                raise SchemaInferenceError(
                    f"{path} holds {len(names)} files ({', '.join(names[:4])}); unpack it and name the tables"
                )
            return archive.read(names[0])
    return path.read_bytes()


def sniff_dialect(content: bytes, name: str) -> Dialect:
    """Find out how a CSV file is written.

    Args:
        content: of the file, unpacked.
        name: what to call it in errors.

    Raises:
        SchemaInferenceError: it is no table of text.
    """
    encoding = find_encoding(content, name)
    text = content[:SAMPLE_BYTES].decode(encoding, errors="ignore").removeprefix("\ufeff")
    lines = list(islice(io.StringIO(text, newline=None), SAMPLE_LINES))
    if len(content) > SAMPLE_BYTES and 2 < len(lines) < SAMPLE_LINES:
        # The last one is cut off.
        lines = lines[:-1]
    delimiter, cells = split_lines(lines, name)
    names = () if has_header(cells) else tuple(f"column_{place}" for place in range(1, len(cells[0]) + 1))
    return Dialect(delimiter, encoding, find_decimal(cells[not names :], delimiter), names)


def find_encoding(content: bytes, name: str) -> str:
    """Name the encoding of a text: UTF-8, UTF-16 by its mark, else Windows' own.

    Raises:
        SchemaInferenceError: the content is that of another kind of file.
    """
    marked = next((encoding for mark, encoding in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "")
    kind = next((kind for start, kind in SIGNATURES.items() if content.lstrip().startswith(start)), "")
    kind = kind or ("JSON" if _is_json(content) else "")
    if kind or (not marked and b"\0" in content[:SAMPLE_BYTES]):
        raise SchemaInferenceError(
            f"{name} is {kind or 'a binary file'}, no table; give CSV (also as .gz or .zip), Parquet or Excel"
        )
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _is_json(content: bytes) -> bool:
    """Return whether a file, or its first line, is a list or an object of JSON."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return False
    for part in (content.split(b"\n", 1)[0], content):
        try:
            json.loads(part)
        except ValueError:
            continue
        return True
    return False


def split_lines(lines: Sequence[str], name: str) -> tuple[str, list[list[str]]]:
    """Find the delimiter that cuts lines into equally many cells -> it, and the cells of the regular lines.

    Raises:
        SchemaInferenceError: none does: the file is a text, or holds a single column.
    """
    best: tuple[int, str, list[list[str]]] = (1, "", [])
    for delimiter in DELIMITERS:
        try:
            cells = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        width, regular = Counter(map(len, cells)).most_common(1)[0] if cells else (0, 0)
        if regular >= MIN_REGULAR_SHARE * len(cells) and width > best[0] and len(cells[0]) == width:
            best = (width, delimiter, [row for row in cells if len(row) == width])
    if not best[1]:
        shown = lines[0].strip()[:60] if lines else ""
        raise SchemaInferenceError(
            f"{name} is no table: no comma, semicolon, tab or | cuts its lines into the same number of cells, two at "
            f"least (first line: {shown!r}); give a file with a header line and one row a line"
        )
    return best[1], best[2]


def has_header(cells: Sequence[Sequence[str]]) -> bool:
    """Return whether the first line names the columns.

    It does not where it holds values above values (numbers, dates) and nothing that is only a name: no text above a
    column of values, and no text that its column does not hold again. Years and counted-up numbers are names.
    """
    first, below = cells[0], cells[1:]
    if not below:
        return True
    columns = list(zip(first, zip(*below, strict=True), strict=True))
    of_values = [all(VALUE.fullmatch(cell) for cell in column if cell.strip()) for _, column in columns]
    above = [VALUE.fullmatch(name) is not None for (name, _), values in zip(columns, of_values, strict=True) if values]
    repeated = [name in column for (name, column), values in zip(columns, of_values, strict=True) if not values]
    numbers = [int(name) for name in first if name.isdecimal()]
    counted = len(numbers) > 1 and set(map(int.__sub__, numbers[1:], numbers[:-1])) == {1}
    return not above or not all(above) or counted or not all(repeated)


def find_decimal(cells: Sequence[Sequence[str]], delimiter: str) -> str:
    """Return the decimal sign: a comma where a column holds nothing but numbers, of which one has a comma.

    Between commas such a number is quoted, and may as well be the choices of a survey: `1,2` and `3` alone prove
    nothing there. Commas before three digits separate thousands, unless all of the column have them and the delimiter
    is no comma: of thousands some are below.
    """
    for column in zip(*cells, strict=True):
        filled = [cell for cell in column if cell.strip()]
        commas = [cell for cell in filled if COMMA_NUMBER.fullmatch(cell)]
        plain = sum(cell.strip().lstrip("+-").isdecimal() for cell in filled)
        proved = any(not THOUSANDS.fullmatch(cell) for cell in commas) or (delimiter != "," and not plain)
        proved = proved and not (delimiter == "," and lists_choices(set(filled)))
        if commas and proved and len(commas) + plain == len(filled):
            return ","
    return "."
