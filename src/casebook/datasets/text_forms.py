"""How text files are written, where a case declares another form than CSV in UTF-8 with commas; read as UTF-8."""

from __future__ import annotations

import codecs
import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

import pyarrow as pa

from casebook.datasets.file_kinds import UnreadableError, open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UTF_8 = frozenset({"utf-8", "utf-8-sig"})
PIECE_BYTES = 4 << 20


@dataclass(frozen=True)
class TextForm:
    """How a text file of a table is written.

    Attributes:
        delimiter: between values.
        encoding: of its letters, as Python calls it.
        nulls: spellings of null beside the usual ones.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ()

    @property
    def is_transcoded(self) -> bool:
        """Whether its letters are of another encoding than UTF-8."""
        return codecs.lookup(self.encoding).name not in UTF_8


USUAL = TextForm()


@contextmanager
def open_text(path: Path, form: TextForm = USUAL) -> Iterator[BinaryIO]:
    """Open a text file, packed or not, whose letters are read as UTF-8.

    Raises:
        UnreadableError: a letter is none of the declared encoding.
    """
    with open_bytes(path) as file:
        if not form.is_transcoded:
            yield file
            return
        source = pa.PythonFile(file, mode="r")
        try:
            yield cast("BinaryIO", io.BufferedReader(pa.transcoding_input_stream(source, form.encoding, "utf-8")))
        except UnicodeError as error:
            raise UnreadableError(
                f"it is not {form.encoding}, as the case declares its files: {error}; save it so, or declare another"
            ) from None


def refuse_utf_8(path: Path, form: TextForm) -> None:
    """Raise where a whole file is UTF-8 instead of its declared encoding; see `refuse_utf_8_letters`."""
    with open_text(path, form) as file:
        while lines := file.readlines(PIECE_BYTES):
            refuse_utf_8_letters(b"".join(lines), form)


def refuse_utf_8_letters(text: bytes, form: TextForm) -> None:
    """Raise where letters that were read by an encoding of one byte a letter were UTF-8 in the file.

    Such an encoding takes any bytes: `ü` of UTF-8 is `Ã¼` in it, which nobody writes, and which no model knows.

    Args:
        text: read as UTF-8.
        form: of the file.

    Raises:
        UnreadableError: they were.
    """
    if text.isascii() or not form.is_transcoded:
        return
    letters = text.decode("utf-8", "ignore")
    try:
        written = letters.encode(form.encoding)
        written.decode("utf-8")
    except UnicodeError:
        return
    if len(written) == len(letters):
        raise UnreadableError(
            f"it is UTF-8, while the case declares its files as {form.encoding}: save it so, or declare utf-8"
        )
