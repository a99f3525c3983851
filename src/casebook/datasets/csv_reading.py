"""CSV options for raw files: every column as text, whether a file is read at once (`raw`) or in blocks (`blocks`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.csv

from casebook.column_types.parsing import refuse_repeated_columns
from casebook.datasets.file_kinds import COMPRESSED, CSV, UnreadableError, find_other_kind
from casebook.datasets.text_forms import USUAL, TextForm, open_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

MARK = b"\xef\xbb\xbf"
# Every block has texts of its own for each column; with blocks of 1 MB, as Arrow has them, a sixth more CPU time.
BLOCK_BYTES = 2 << 20
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class CsvOptions:
    """Column names of a CSV file, and Arrow's options to read it.

    Attributes:
        names: of the columns, in their order.
        read: how the file is cut and whether it names its columns.
        convert: every column as a dictionary of texts, or as plain texts.
        form: how the file is written.
    """

    names: list[str]
    read: pyarrow.csv.ReadOptions
    convert: pyarrow.csv.ConvertOptions
    form: TextForm = USUAL

    @property
    def has_header(self) -> bool:
        """Whether the first line names the columns."""
        return not self.read.column_names


def read_csv_options(
    path: Path,
    names: Sequence[str] = (),
    plain: Collection[str] = (),
    may_lack_last: bool = False,
    form: TextForm = USUAL,
) -> CsvOptions:
    """Read the header of a CSV file and declare every column as text; column types parse the values later.

    Args:
        path: of the file.
        names: of the columns of a file that may come without a header line: the first line is a header when it holds
            no digit.
        plain: columns read without dictionary encoding, since nearly every value differs.
        may_lack_last: whether a file without a header line may lack the last of `names`, the target.
        form: how the file is written.

    Raises:
        UnreadableError: the first line is no header of a CSV file of that form.
    """
    line = _read_header(path, form)
    values = _split(line, form)
    if len(values) == 1:
        _refuse_delimiter(line, form)
    without_header = bool(names) and any(letter.isdigit() for letter in line)
    if without_header:
        short = may_lack_last and len(values) == len(names) - 1
        header = list(names[:-1] if short else names)
    else:
        # Arrow finds the types by the names without their quotes, and guesses those of a column that it does not find.
        header = values
        refuse_repeated_columns(header, str(path))
    types = {name: pa.string() if name in plain else pa.dictionary(pa.int32(), pa.string()) for name in header}
    return CsvOptions(
        header,
        pyarrow.csv.ReadOptions(column_names=header if without_header else None, block_size=BLOCK_BYTES),
        pyarrow.csv.ConvertOptions(
            column_types=types,
            strings_can_be_null=True,
            null_values=[*pyarrow.csv.ConvertOptions().null_values, *form.nulls],
        ),
        form,
    )


def find_delimiter(path: Path, form: TextForm) -> TextForm:
    """Return the form of a file that may have the usual delimiter instead of the declared one."""
    line = _read_header(path, form)
    return form if form.delimiter in line else replace(form, delimiter=USUAL.delimiter)


def skip_header(file: BinaryIO) -> tuple[bytes, bytes]:
    """Read the first line that is not blank, as Arrow does.

    Returns:
        The line, nothing at the end of the file; and what was read behind it: lines may end in carriage returns alone.
    """
    for line in file:
        content = line.removeprefix(MARK).lstrip(b"\r\n")
        if content:
            header = content.splitlines(keepends=True)[0]
            return header, content[len(header) :]
    return b"", b""


class LineCounter:
    """A file that counts its lines while it is read, so that a packed one is unpacked once; see PEP 3116's `read`."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        """Count from here on."""
        self._file = file
        self._ends = 0
        self._last = b"\n"

    @property
    def lines(self) -> int:
        """The lines that were read so far, a last one without an end included."""
        return self._ends + (self._last != b"\n")

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, all that are left where `size` is negative."""
        chunk = self._file.read(size)
        self._ends += chunk.count(b"\n")
        self._last = chunk[-1:] or self._last
        return chunk


def _read_header(path: Path, form: TextForm) -> str:
    other = find_other_kind(path, CSV) if path.suffix.lower() not in COMPRESSED and not form.is_transcoded else ""
    if other:
        raise UnreadableError(f"the file is {other}")
    with open_text(path, form) as file:
        line, _ = skip_header(file)
    if not line:
        raise UnreadableError("the file is empty: put the complete file there")
    try:
        return line.splitlines()[0].decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError(f"its first line is not UTF-8: {_show(line)}; save the file as UTF-8") from None


def _split(line: str, form: TextForm) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=form.delimiter), [])
    except csv.Error as error:
        raise UnreadableError(f"its first line is no header: {error}") from error


def _refuse_delimiter(line: str, form: TextForm) -> None:
    needed = DELIMITERS.get(form.delimiter, repr(form.delimiter))
    for delimiter, words in DELIMITERS.items():
        if delimiter in line and delimiter != form.delimiter:
            declared = "" if form.delimiter == "," else ", as the case declares its files"
            raise UnreadableError(f"its columns are separated by {words}; save it with {needed}{declared}")


def _show(line: bytes) -> str:
    return repr(line[:60].decode("latin-1").rstrip())
