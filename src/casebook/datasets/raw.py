"""Raw files: CSV as text, Parquet and NumPy archives; never written."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from kedro.io import DatasetError

from casebook.column_types.parsing import InvalidTableError, refuse_repeated_columns
from casebook.compute.freed_memory import return_freed_memory
from casebook.data.file_fingerprints import read_content
from casebook.data.source_names import NamedArrays, name_source
from casebook.datasets.csv_blocks import describe_broken
from casebook.datasets.csv_reading import LineCounter, find_delimiter, read_csv_options
from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.file_kinds import (
    COMPRESSED,
    UnreadableError,
    find_other_kind,
    kind_of,
    list_parquet,
    list_text,
)
from casebook.datasets.parquet_files import read_parquet
from casebook.datasets.text_forms import USUAL, TextForm, open_text, refuse_utf_8

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import pandas as pd


class RawFileError(DatasetError):
    """A raw file that is missing, empty or damaged; the message names it."""


def find_file(name: str, folder: Path) -> Path:
    """Find a file or folder that a user named: from `~` or the root, in the current folder, or in the raw folder.

    Returns:
        Where it is; where it should be in the raw folder, if nowhere.

    Raises:
        RawFileError: different files of this name lie in the current folder and in the raw one.
    """
    place = Path(name).expanduser()
    if place.is_absolute():
        return place
    here, there = Path.cwd() / place, folder / place
    if here.exists() and there.exists() and not here.samefile(there):
        raise RawFileError(f"{name} is both {here} and {there}; give the whole path of the one that is meant")
    return here if here.exists() else there


def digest_source(path: Path) -> str:
    """Hash the content of a file, or of the CSV or Parquet files of a folder."""
    with reading(path):
        if not path.is_dir():
            return read_content(path).digest
        files = list_text(path) or list_parquet(path)
        told = "".join(f"{file.relative_to(path)} {read_content(file).digest}" for file in files)
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Name the file in whatever a library raises while it reads it; only reading belongs into the block.

    Raises:
        RawFileError: says what is wrong, as far as that can be told.
    """
    kind = kind_of(path) or path.suffix.lstrip(".").upper()
    try:
        yield
    except (RawFileError, MemoryError):
        raise
    except InvalidTableError as error:
        raise RawFileError(str(error)) from error
    except UnreadableError as error:
        raise RawFileError(f"{path} cannot be read as {kind} ({error})") from error
    except PermissionError as error:
        raise RawFileError(f"{path} may not be read: give its owner's or your own account the right to") from error
    except Exception as error:
        other = find_other_kind(path, kind) if path.is_file() and path.suffix.lower() not in COMPRESSED else ""
        remedy = f"the file is {other}" if other else "it may be cut off or damaged: get it again"
        raise RawFileError(f"{path} cannot be read as {kind} ({error}); {remedy}") from error


class RawFile(FileDataset):
    """Base class of raw files, which are read-only."""

    def load(self) -> Any:  # noqa: ANN401 - Kedro's signature
        """Read the file.

        Raises:
            RawFileError: the file is missing, empty or cut off, or has a column twice; the message names it.
        """
        if not self._filepath.exists():
            raise RawFileError(f"{self._filepath} is missing; put the file there or see data/README.md")
        with reading(self._filepath):
            read = self._read()
        return name_source(read, self._filepath.name)

    def save(self, data: Any) -> None:  # noqa: ANN401, ARG002 - Kedro's signature
        """Raise RawFileError: raw files are never written by a pipeline."""
        raise RawFileError(f"{self._filepath} is a raw file and is never written by a pipeline")

    def _read(self) -> Any:  # noqa: ANN401 - what the kind of file holds
        raise NotImplementedError


class RawTable(RawFile):
    """A raw CSV file, read as text: columns as categories, or as plain strings where nearly every value differs."""

    def __init__(
        self,
        filepath: str,
        plain: list[str] | None = None,
        names: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        form: TextForm | None = None,
    ) -> None:
        """Store the path and what is known of the columns.

        Args:
            filepath: of the CSV file.
            plain: columns read without dictionary encoding.
            names: of the columns of a file that may come without a header line: the first line is a header when it
                holds no digit.
            metadata: for Kedro-Viz.
            form: how the file is written, unless its first line shows that it has the usual delimiter.
        """
        super().__init__(filepath, metadata)
        self._plain = set(plain or ())
        self._names = names or ()
        self._form = form

    def _read(self) -> pd.DataFrame:
        form = find_delimiter(self._filepath, self._form) if self._form else USUAL
        return read_csv(self._filepath, self._names, self._plain, form)


def read_csv(
    path: Path, names: Sequence[str] = (), plain: Collection[str] = (), form: TextForm = USUAL
) -> pd.DataFrame:
    """Read a CSV file as text; see `RawTable`.

    Raises:
        UnreadableError: it is none of that form, or rows cannot be read; names the first.
    """
    options = read_csv_options(path, names, plain, form=form)
    try:
        with open_text(path, form) as file:
            counted = LineCounter(file)
            read = pa.csv.read_csv(
                counted,
                read_options=options.read,
                parse_options=pyarrow.csv.ParseOptions(delimiter=form.delimiter, newlines_in_values=True),
                convert_options=options.convert,
            )
    except pa.ArrowInvalid as error:
        raise UnreadableError(describe_broken(path, options) or str(error)) from error
    if form.is_transcoded:
        refuse_utf_8(path, form)
    # Arrow reads on from a quote that is not closed to the next one, over rows that are then missing.
    if counted.lines != len(read) + options.has_header and (told := describe_broken(path, options)):
        raise UnreadableError(told)
    # The memory of a column goes once it is taken over.
    table: pd.DataFrame = read.to_pandas(split_blocks=True, self_destruct=True)
    del read
    return_freed_memory()
    return table


class RawParquet(RawFile):
    """A raw Parquet file or folder of such, read as the table that it holds."""

    def _read(self) -> pd.DataFrame:
        return read_parquet(self._filepath)


class RawArrays(RawFile):
    """A raw NumPy archive (`.npz`), read as its arrays by name."""

    def _read(self) -> dict[str, np.ndarray]:
        return read_arrays(self._filepath)


def read_arrays(path: Path) -> NamedArrays:
    """Read the arrays of a NumPy archive by name.

    Raises:
        ValueError: it holds a single array without a name.
    """
    loaded = np.load(path)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise UnreadableError("a single array without a name; save it with numpy.savez")
    with loaded as arrays:
        refuse_repeated_columns(arrays.files, str(path))
        return NamedArrays({name: _to_native(arrays[name]) for name in arrays.files})


def _to_native(array: np.ndarray) -> np.ndarray:
    """Return the values in this machine's order of bytes; pandas takes no other."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)
