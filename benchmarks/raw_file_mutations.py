"""Ways in which a raw file arrives damaged or in another form: bytes -> bytes, the same each time."""

from __future__ import annotations

import csv
import gzip
import io
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Mutation = Callable[[bytes], bytes]
    Rows = list[list[str]]

NOISE_SEED = 7


def of_rows(change: Callable[[Rows], Rows], **options: object) -> Mutation:
    """Build a mutation of a CSV's bytes from one of its rows, the header being the first."""

    def mutate(content: bytes) -> bytes:
        rows = list(csv.reader(io.StringIO(content.decode())))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n", **options).writerows(change(rows))  # type: ignore[arg-type]
        return text.getvalue().encode()

    return mutate


def noise(content: bytes) -> bytes:
    """Replace everything by random bytes."""
    return random.Random(NOISE_SEED).randbytes(min(len(content), 20_000))  # noqa: S311 - any bytes, not secrets


def cells(change: Callable[[str], str], column: int | None = None) -> Mutation:
    """Build a mutation of all cells below the header, or of those of one column."""

    def edit(rows: Rows) -> Rows:
        changed = [
            [change(cell) if column in {None, index, index - len(row)} else cell for index, cell in enumerate(row)]
            for row in rows[1:]
        ]
        return [rows[0], *changed]

    return of_rows(edit)


def at(rows: Rows, number: int, row: list[str]) -> Rows:
    """Return the rows with one of them replaced."""
    return [*rows[:number], row, *rows[number + 1 :]]


# The same table in another form: it must be read, with the same rows.
SAME_TABLE: dict[str, Mutation] = {
    "Windows line ends": lambda content: content.replace(b"\n", b"\r\n"),
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "all cells quoted": of_rows(lambda rows: rows, quoting=csv.QUOTE_ALL),
    "header quoted": lambda content: (
        b",".join(b'"' + name + b'"' for name in content.split(b"\n", 1)[0].strip().replace(b'"', b"").split(b","))
        + b"\n"
        + content.split(b"\n", 1)[1]
    ),
    "columns in another order": of_rows(lambda rows: [row[::-1] for row in rows]),
    "no line end at the end": lambda content: content.rstrip(b"\r\n"),
    "empty lines at the end": lambda content: content + b"\n\n",
}
# No such table at all: it must be refused.
NO_TABLE: dict[str, Mutation] = {
    "empty": lambda _: b"",
    "random bytes": noise,
    "another format": lambda content: gzip.compress(content[:5_000], mtime=0),
    "HTML page": lambda _: b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n",
}
NO_TABLE_CSV: dict[str, Mutation] = {
    "header alone": lambda content: content.split(b"\n", 1)[0] + b"\n",
    "semicolons": of_rows(lambda rows: rows, delimiter=";"),
    "tabs": of_rows(lambda rows: rows, delimiter="\t"),
    "first column left out": of_rows(lambda rows: [row[1:] for row in rows]),
    "a column twice": of_rows(lambda rows: [[*row, row[1]] for row in rows]),
    "a column renamed": of_rows(lambda rows: [["unheard_of", *rows[0][1:]], *rows[1:]]),
    "UTF-16": lambda content: content.decode().encode("utf-16"),
}
# Read or refused, as the case's columns say; never a stack trace, and where it is refused the file is named.
DAMAGED: dict[str, Mutation] = {
    "cut at half": lambda content: content[: len(content) // 2],
    "cut in the last line": lambda content: content.rstrip()[:-3],
    "twice": lambda content: content + content,
}
DAMAGED_CSV: dict[str, Mutation] = {
    "header twice": of_rows(lambda rows: [rows[0], *rows]),
    "rows twice": of_rows(lambda rows: [rows[0], *rows[1:], *rows[1:]]),
    "rows in another order": of_rows(lambda rows: [rows[0], *rows[:0:-1]]),
    "one row": of_rows(lambda rows: rows[:2]),
    "a cell too many in a row": of_rows(lambda rows: at(rows, 3, [*rows[3], "7"])),
    "a cell too few in a row": of_rows(lambda rows: at(rows, 3, rows[3][:-1])),
    "open quote": lambda content: content.replace(b"\n", b'\n"', 3),
    "zero bytes in a row": lambda content: content.replace(b"\n", b"\n\x00\x00", 2),
    "blanks around cells": cells(lambda cell: f" {cell} "),
    "upper case": cells(str.upper),
    "decimal commas": cells(lambda cell: cell.replace(".", ",")),
    "last column emptied": cells(lambda _: "", column=-1),
    "first column emptied": cells(lambda _: "", column=0),
    "last column constant": of_rows(lambda rows: [rows[0], *([*row[:-1], rows[1][-1]] for row in rows[1:])]),
    "words for numbers": cells(lambda _: "abc", column=-1),
    "not a number": cells(lambda _: "NaN", column=-1),
    "huge numbers": cells(lambda _: "1e400", column=-1),
    "comment first": lambda content: b"# exported\n" + content,
    "Latin-1 letters": lambda content: content.replace(b"\n", b"\n\xe9", 2),
}
