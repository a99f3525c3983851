"""Files of new labelled rows in the format of a case's raw file, and the update session."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from casebook.data.named_arrays import frame_arrays
from casebook.data.source_names import name_source
from casebook.datasets.file_kinds import ALLOWED, ARRAYS, CSV, PARQUET, describe_no_rows, kind_of
from casebook.datasets.raw import (
    RawArrays,
    RawFile,
    RawFileError,
    RawParquet,
    RawTable,
    digest_source,
    find_file,
)
from casebook.datasets.tracked import RunDataset, current_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator

# A file that was written to so lately may not be whole yet.
SETTLED_SECONDS, POLL_SECONDS = 1.0, 0.5


@dataclass(frozen=True)
class ArrivalsReader:
    """Reads files in the format of a raw file.

    Attributes:
        form: the raw file's catalog entry.
    """

    form: dict[str, Any]

    def read(self, file: str) -> Any:  # noqa: ANN401 - what the kind of file holds
        """Read a file of any kind; see `raw.find_file` for where it may lie.

        Raises:
            RawFileError: it is missing or damaged.
        """
        options = {name: value for name, value in self.form.items() if name not in {"metadata", "type", "filepath"}}
        return read_as(self.form["type"], self.place(file), **options)

    def digest(self, file: str) -> str:
        """Return the digest of a file's content; empty for one that is not there."""
        place = self.place(file)
        return digest_source(place) if place.exists() else ""

    def place(self, file: str) -> Path:
        """Find a file or folder; see `raw.find_file`."""
        return find_file(file, Path(self.form["filepath"]).parent)

    def watch(self, folder: str, wait: float) -> Iterator[str]:
        """Give the files of a folder by name, then those that appear or change, until none has for so many seconds.

        Args:
            folder: its files of rows are batches; others and hidden ones are not.
            wait: seconds without a new file after which this ends.

        Raises:
            RawFileError: there is no such folder.
        """
        place = self.place(folder)
        if not place.is_dir():
            raise RawFileError(f"{place} is no folder; make it, or name another with update.folder")
        seen: set[tuple[str, int, int]] = set()
        end = time.monotonic() + wait
        while True:
            for path, state in _list_states(place):
                if state not in seen and time.time() - state[1] / 1e9 >= SETTLED_SECONDS:
                    seen.add(state)
                    yield str(Path(folder) / path.name)
                    end = time.monotonic() + wait
            if time.monotonic() >= end and all(state in seen for _, state in _list_states(place)):
                return
            time.sleep(POLL_SECONDS)

    def describe(self, folder: str) -> str:
        """Say what a folder without batches holds."""
        return describe_no_rows(self.place(folder))


def read_as(usual: str, path: Path, **options: Any) -> Any:  # noqa: ANN401 - what the kind of file holds
    """Read a file as its kind says.

    Args:
        usual: type of the data set that reads a case's own raw file, as in the catalog.
        path: of the file.
        options: of that data set; others take none.

    Raises:
        RawFileError: it is missing, damaged or of a kind that is not read.
    """
    if not path.exists():
        raise RawFileError(f"{path} is missing; put the file there or name another")
    kind = kind_of(path)
    if not kind:
        raise RawFileError(f"{path}: give a file of {ALLOWED}")
    reader = READERS[kind]
    own = reader.__name__ == usual.rpartition(".")[2]
    read = reader(str(path), **(options if own else {})).load()
    # What reads tables takes an archive whose arrays are columns.
    return read if own or kind != ARRAYS else name_source(frame_arrays(read), path.name)


def _list_states(folder: Path) -> list[tuple[Path, tuple[str, int, int]]]:
    """List the files of rows by name, with what changes when their content does."""
    found = []
    for path in sorted(folder.glob("[!.]*")):
        # A file may be gone again, or a link may lead nowhere.
        with suppress(OSError):
            if path.is_file() and kind_of(path):
                state = path.stat()
                found.append((path, (path.name, state.st_mtime_ns, state.st_size)))
    return found


READERS: dict[str, type[RawFile]] = {CSV: RawTable, PARQUET: RawParquet, ARRAYS: RawArrays}


class ArrivedFiles(AbstractDataset[Any, Any]):
    """Read-only: files of new labelled rows, whose paths are given when they are read."""

    def __init__(self, dataset: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        """Store the catalog entry of the raw file whose format they have."""
        self._form = dataset
        self.metadata = metadata

    def load(self) -> ArrivalsReader:
        """Return the reader of the files."""
        return ArrivalsReader(self._form)

    def save(self, data: object) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: raw files are never written by a pipeline."""
        raise RawFileError("new raw files are never written by a pipeline")

    def _describe(self) -> dict[str, Any]:
        return {"like": self._form["filepath"]}

    def _exists(self) -> bool:
        return True


class UpdateSessionDataset(RunDataset):
    """Read-only: the update session of this run; see `model_registry.update_session`."""

    def __init__(self, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the case, which names the registered model."""
        super().__init__(metadata)
        self._case = case

    def load(self) -> Any:  # noqa: ANN401 - a casebook.model_registry.update_session.UpdateSession
        """Create the session of the open run."""
        from casebook.model_registry.update_session import UpdateSession

        return UpdateSession(self._case, current_run_id())
