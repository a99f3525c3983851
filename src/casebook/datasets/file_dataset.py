"""What all datasets that lie in a file or folder share."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator


REMEDY = "make it anew by beginning with an earlier node, or take over from another run with <case>.from_run=<run id>"


class DamagedFileError(DatasetError):
    """A file that a run has made and that cannot be read; the message names it and says what to do."""


@contextmanager
def reading(path: Path, remedy: str = REMEDY) -> Iterator[None]:
    """Say of a file that is there and cannot be read which one it is.

    Args:
        path: of the file.
        remedy: what to do about it.

    Raises:
        DamagedFileError: it cannot be read.
    """
    try:
        yield
    except (DatasetError, FileNotFoundError, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise DamagedFileError(f"{path} is damaged ({said}): {remedy}") from error


class FileDataset(AbstractDataset[Any, Any]):
    """A path, and whether something is there."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep the path; `metadata` is for Kedro-Viz."""
        self._filepath = Path(filepath)
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _exists(self) -> bool:
        return self._filepath.exists()
