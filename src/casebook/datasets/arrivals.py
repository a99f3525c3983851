"""Files of new labelled rows in the format of a case's raw file, and the update session."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from casebook.data.file_fingerprints import hash_content
from casebook.datasets.raw import RawFileError
from casebook.datasets.tracked import RunDataset, current_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

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
        """Read a file; a path counts from the raw folder.

        Raises:
            RawFileError: it is missing or damaged.
        """
        entry = {name: value for name, value in self.form.items() if name != "metadata"}
        return AbstractDataset.from_config("arrivals", {**entry, "filepath": str(self.place(file))}).load()

    def digest(self, file: str) -> str:
        """Return the digest of a file's content; empty for one that is not there."""
        place = self.place(file)
        return hash_content(place) if place.is_file() else ""

    def place(self, file: str) -> Path:
        """Resolve a path, relative to the raw folder."""
        return Path(self.form["filepath"]).parent / file

    def watch(self, folder: str, wait: float, learnt: Set[str]) -> Iterator[str]:
        """Yield the files of a folder by name, then those that appear, until none has for `wait` seconds.

        Args:
            folder: files of the raw file's kind are batches; others and hidden ones are not.
            wait: seconds without a new file after which this ends.
            learnt: digests of files that are passed over.

        Raises:
            RawFileError: there is no such folder.
        """
        place = self.place(folder)
        if not place.is_dir():
            raise RawFileError(f"{place} is no folder; make it, or name another with update.folder")
        seen: set[str] = set()
        end = time.monotonic() + wait
        while True:
            for path in self._settled(place, seen):
                seen.add(path.name)
                if hash_content(path) not in learnt:
                    yield str(Path(folder) / path.name)
                    end = time.monotonic() + wait
            if time.monotonic() >= end and not self._unseen(place, seen):
                return
            time.sleep(POLL_SECONDS)

    def _settled(self, place: Path, seen: Set[str]) -> list[Path]:
        return [path for path in self._unseen(place, seen) if time.time() - path.stat().st_mtime >= SETTLED_SECONDS]

    def _unseen(self, place: Path, seen: Set[str]) -> list[Path]:
        suffix = Path(self.form["filepath"]).suffix
        return [path for path in sorted(place.glob(f"[!.]*{suffix}")) if path.name not in seen]


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
