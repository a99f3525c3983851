"""Catalog datasets stored in files, written atomically."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from kedro.io import DatasetError

from casebook.datasets.file_dataset import FileDataset, reading
from casebook.preprocessing.modality import describe_preprocessor, restore_preprocessor
from casebook.preprocessing.shards import ShardedArray
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    import keras

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays

# A folder that is replaced has no name for less than this.
REPLACED_SECONDS = 0.5


class ArraysFolder(FileDataset):
    """Named arrays, one `.npy` each in a folder, memory-mapped when read."""

    def load(self) -> Arrays:
        """Memory-map the arrays, read-only.

        Raises:
            DatasetError: there are none yet.
        """
        if not self._filepath.is_dir():
            # Another launch of the same study may be putting its own in place just now.
            time.sleep(REPLACED_SECONDS)
        if not self._filepath.is_dir():
            raise DatasetError(f"{self._filepath} is not there yet; run the nodes that make it first")
        with reading(self._filepath):
            found: Arrays = {file.stem: np.load(file, mmap_mode="r") for file in sorted(self._filepath.glob("*.npy"))}
            shards = sorted(path for path in self._filepath.iterdir() if path.is_dir())
            names = sorted(file.stem for file in shards[0].glob("*.npy")) if shards else []
            sharded = {name: ShardedArray([shard / f"{name}.npy" for shard in shards]) for name in names}
            return {**sharded, **found}  # type: ignore[dict-item]  # it is indexed as an array

    def save(self, data: Arrays) -> None:
        """Write all arrays atomically; the files of those in shards are moved, a folder `00000` for each shard."""
        with atomic_write(self._filepath) as folder:
            folder.mkdir()
            for name, values in data.items():
                if not isinstance(values, ShardedArray):
                    np.save(folder / f"{name}.npy", values)
                    continue
                for number, file in enumerate(values.files):
                    (folder / f"{number:05d}").mkdir(exist_ok=True)
                    shutil.move(file, folder / f"{number:05d}" / file.name)


class FiguresFolder(FileDataset):
    """Figures by file name, drawn or still to be drawn, in a folder of their own."""

    def __init__(
        self, filepath: str, save_args: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Store the path and further arguments of `savefig`."""
        super().__init__(filepath, metadata)
        self._save_args = save_args or {}

    def load(self) -> Any:  # noqa: ANN401 - Kedro's signature
        """Raise DatasetError: figures are only written."""
        raise DatasetError(f"{self._filepath} holds figures, which are only written")

    def save(self, data: dict[str, Any]) -> None:
        """Write all figures atomically."""
        with atomic_write(self._filepath) as folder:
            folder.mkdir()
            for name, figure in data.items():
                figure.savefig(folder / name, **self._save_args)


class PreprocessorFile(FileDataset):
    """A fitted preprocessor as JSON."""

    def load(self) -> Preprocessor:
        """Load the preprocessor."""
        with reading(self._filepath):
            return restore_preprocessor(json.loads(self._filepath.read_text()))

    def save(self, data: Preprocessor) -> None:
        """Write the preprocessor atomically."""
        with atomic_write(self._filepath) as path:
            path.write_text(json.dumps(describe_preprocessor(data)))


class NetworkFile(FileDataset):
    """A Keras model in Keras's own format."""

    def load(self) -> keras.Model:
        """Load the model with the project's layers."""
        from casebook.models.networks import load_network

        with reading(self._filepath):
            return load_network(self._filepath)

    def save(self, data: keras.Model) -> None:
        """Write the model atomically."""
        with atomic_write(self._filepath) as path:
            data.save(path)
