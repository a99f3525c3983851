"""A CSV file in blocks of whole rows: a line that cannot be read keeps its number, and so do all behind it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from casebook.datasets.csv_reading import skip_header
from casebook.datasets.file_kinds import UnreadableError
from casebook.datasets.text_forms import open_text, refuse_utf_8_letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from casebook.datasets.csv_reading import CsvOptions

# Each block costs some time of its own; memory does not grow with the file.
BLOCK_BYTES = 4 << 20
# Of a row that spans lines; a quote that is closed no sooner is none.
LONGEST_ROW = 1 << 20
SHOWN = 120
UNCLOSED = "a quote is opened and not closed"


@dataclass(frozen=True)
class CsvBlock:
    """Rows of a CSV file.

    Attributes:
        table: the rows that could be read.
        numbers: of these rows in the file, from 0, blank lines not counted.
        broken: number and reason of those that could not.
    """

    table: pa.Table
    numbers: np.ndarray
    broken: list[tuple[int, str]]


def read_csv_blocks(path: Path, options: CsvOptions) -> Iterator[CsvBlock]:
    """Read a CSV file block by block.

    Raises:
        UnreadableError: a row is not UTF-8; names row, column and value.
    """
    first = 0
    with open_text(path, options.form) as file:
        header, begin = skip_header(file)
        for piece, unclosed, _ in _cut(file, begin if options.has_header else header + begin, options):
            refuse_other_encoding(piece, options, first)
            block = _parse(piece, unclosed, options, first)
            yield block
            first += len(block.numbers) + len(block.broken)


def find_cuts(path: Path, options: CsvOptions, size: int) -> list[int]:
    """Find the bytes of a file of plain UTF-8 between which about so many of them are whole rows.

    Returns:
        The first byte behind the header, the ends of all stretches but the last, and the end of the file.
    """
    with path.open("rb") as file:
        header, begin = skip_header(file)
        at = [file.tell() - len(begin) if options.has_header else file.tell() - len(header + begin)]
        file.seek(at[0])
        for _, _, length in _cut(file, b"", options, size):
            at.append(at[-1] + length)
    return at


def read_csv_stretch(path: Path, options: CsvOptions, start: int, stop: int) -> pa.Table:
    """Read the rows between two of the bytes that `find_cuts` has found.

    Args:
        path: of the file.
        options: how it is read.
        start: the first byte.
        stop: the byte behind the last one.

    Raises:
        UnreadableError: a row cannot be read; numbers it among these.
    """
    first = 0
    with path.open("rb") as file:
        file.seek(start)
        content = io.BytesIO(file.read(stop - start))
    blocks = []
    for piece, unclosed, _ in _cut(content, b"", options, stop - start):
        refuse_other_encoding(piece, options, first)
        block = _parse(piece, unclosed, options, first)
        if block.broken:
            number, reason = block.broken[0]
            raise UnreadableError(f"data row {number + 1}: {reason}; mend the file")
        blocks.append(block.table)
        first += len(block.numbers)
    return pa.concat_tables(blocks)


def describe_broken(path: Path, options: CsvOptions) -> str:
    """Say which rows of a CSV file cannot be read; nothing where all can.

    Raises:
        UnreadableError: see `read_csv_blocks`.
    """
    rows, broken = 0, []
    for block in read_csv_blocks(path, options):
        rows += len(block.numbers) + len(block.broken)
        broken += block.broken
    if not broken:
        return ""
    number, reason = broken[0]
    last = number == rows - 1
    remedy = "the file may be cut off: get it again" if last else "mend the file"
    return f"data row {number + 1}: {reason} ({len(broken)} of {rows} rows cannot be read); {remedy}"


def _cut(file: BinaryIO, begin: bytes, options: CsvOptions, size: int = 0) -> Iterator[tuple[bytes, list[bytes], int]]:
    """Cut a file into pieces of whole rows, each of about so many bytes, or of a block's.

    Yields:
        A piece, its rows whose quotes are not closed, and how many bytes of the file it is.
    """
    rest = begin
    while read := file.read(size or BLOCK_BYTES):
        data = rest + read
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
        piece, rest = data[:end], data[end:]
        if b'"' in piece:
            piece, unclosed, open_row = _close_quotes(piece, options, at_end=False)
            rest = open_row + rest
        else:
            unclosed = []
        if piece:
            yield piece, unclosed, len(data) - len(rest)
    if rest:
        piece, unclosed, _ = _close_quotes(rest, options, at_end=True)
        yield piece, unclosed, len(rest)


def _close_quotes(piece: bytes, options: CsvOptions, at_end: bool) -> tuple[bytes, list[bytes], bytes]:
    """Put a row of another width in place of each whose quote is not closed: Arrow would read on to the next quote.

    Returns:
        The piece, the rows that were replaced, and a last row that may go on in the next piece.
    """
    lines, width, delimiter = piece.splitlines(keepends=True), len(options.names), options.form.delimiter
    kept: list[bytes] = []
    unclosed: list[bytes] = []
    odd = [place for place, line in enumerate(lines) if line.count(b'"') & 1]
    start = 0
    for this, place in enumerate(odd):
        # A quote within a value, as of inches, opens nothing.
        if place < start or _is_row(lines[place], 0, delimiter):
            continue
        # Lines between hold pairs of quotes, so that a row that is opened here is closed in the next of these or never.
        end = odd[this + 1] + 1 if this + 1 < len(odd) else len(lines)
        if end == len(lines) and not at_end and sum(map(len, lines[place:])) < LONGEST_ROW and this + 1 == len(odd):
            return b"".join([*kept, *lines[start:place]]), unclosed, b"".join(lines[place:])
        kept += lines[start:place]
        if this + 1 < len(odd) and _is_row(b"".join(lines[place:end]), width, delimiter):
            kept += lines[place:end]
            start = end
        else:
            unclosed.append(lines[place])
            kept.append(f"\0{delimiter}".encode() * width + b"\n")
            start = place + 1
    return b"".join([*kept, *lines[start:]]), unclosed, b""


def _is_row(lines: bytes, width: int, delimiter: str) -> bool:
    """Return whether lines are one row of so many values (0 for any number) whose quotes stand where they may."""
    if len(lines) > LONGEST_ROW:
        return False
    try:
        text = io.StringIO(lines.decode("utf-8", "replace"), newline="")
        rows = list(csv.reader(text, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return len(rows) == 1 and len(rows[0]) == (width or len(rows[0]))


def _parse(piece: bytes, unclosed: list[bytes], options: CsvOptions, first: int) -> CsvBlock:
    broken: list[tuple[int, str]] = []
    waiting = iter(unclosed)

    def set_aside(row: pyarrow.csv.InvalidRow) -> str:
        if row.text.startswith("\0"):
            reason = f"{UNCLOSED}: {next(waiting).decode('utf-8', 'replace').rstrip()[:SHOWN]}"
        else:
            reason = f"{row.actual_columns} values instead of {row.expected_columns}: {row.text[:SHOWN]}"
        broken.append((first + row.number - 1, reason))
        return "skip"

    table = pa.csv.read_csv(
        pa.BufferReader(piece),
        # Only a single thread numbers its rows; a few blocks are worked on at once. A piece is parsed in one go.
        read_options=pyarrow.csv.ReadOptions(
            column_names=options.names, use_threads=False, block_size=max(1, len(piece))
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=options.form.delimiter, newlines_in_values=True, invalid_row_handler=set_aside
        ),
        convert_options=options.convert,
    )
    numbers = np.arange(first, first + table.num_rows + len(broken))
    return CsvBlock(table, np.delete(numbers, [number - first for number, _ in broken]), broken)


def refuse_other_encoding(piece: bytes, options: CsvOptions, first: int) -> None:
    """Raise where a piece of a file is not of its encoding.

    Args:
        piece: whole rows, read as UTF-8.
        options: of the file.
        first: number of its first row.

    Raises:
        UnreadableError: names row, column and value, where the file should be UTF-8.
    """
    if piece.isascii():
        return
    refuse_utf_8_letters(piece, options.form)
    names = options.names
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        before = piece[: error.start].splitlines(keepends=True)
        begun = before.pop() if before and not before[-1].endswith((b"\n", b"\r")) else b""
        row = first + sum(bool(line.strip()) for line in before) + 1
        values = next(csv.reader([begun.decode("utf-8", "replace")], delimiter=options.form.delimiter), [""])
        column = names[min(max(len(values), 1), len(names)) - 1]
        line = begun + piece[error.start :].splitlines()[0]
        shown = line[max(0, len(begun) - 10) :][:30].decode("cp1252", "replace")
        raise UnreadableError(
            f"data row {row}, column {column}: {shown!r} is not UTF-8, as in files of Windows-1252 or Latin-1; save "
            f"the file as UTF-8"
        ) from None
