"""Datasets of other libraries, which write in place: here each is written beside its name and renamed into place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.pickle import PickleDataset
from kedro_datasets.text import TextDataset

from casebook.runtime.atomic_files import atomic_write

# The attributes in which such classes keep where they lie.
FILE, FOLDER = "_filepath", "_path"


class WrittenWhole:
    """Comes before the class of a dataset: a kill or a full disk leaves what was there before."""

    _place = FILE

    def save(self, data: Any) -> None:  # noqa: ANN401 - what the class saves
        """Save atomically."""
        place = getattr(self, self._place)
        with atomic_write(Path(place)) as unfinished:
            if self._place == FOLDER:
                # Where there is nothing to be saved it is an empty one.
                unfinished.mkdir()
            setattr(self, self._place, type(place)(unfinished))
            try:
                super().save(data)  # type: ignore[misc]
            finally:
                setattr(self, self._place, place)


class CsvFile(WrittenWhole, CSVDataset):  # type: ignore[misc]
    """A table as CSV."""


class JsonFile(WrittenWhole, JSONDataset):  # type: ignore[misc]
    """Plain values as JSON."""


class TextFile(WrittenWhole, TextDataset):  # type: ignore[misc]
    """A text."""


class PickleFile(WrittenWhole, PickleDataset):  # type: ignore[misc]
    """Any object, pickled."""


class FilesFolder(WrittenWhole, PartitionedDataset):  # type: ignore[misc]
    """A folder of files of one kind; of files saved before none stays."""

    _place = FOLDER
