"""Typed tables as Parquet, written by a thread while the next node computes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from casebook.datasets.file_dataset import FileDataset, reading
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Writes that nobody has waited for yet, by path.
PENDING: dict[Path, Future[None]] = {}


@cache
def _writer() -> ThreadPoolExecutor:
    # One thread: writes keep their order and take one core at most.
    return ThreadPoolExecutor(1, thread_name_prefix="tables")


class TableFile(FileDataset):
    """A typed table as Parquet, with its dtypes; written in the background (see `wait_for_writes`)."""

    def load(self) -> pd.DataFrame:
        """Read the table with the dtypes that it was saved with."""
        self._wait()
        with reading(self._filepath):
            stored = pa.parquet.read_table(self._filepath)
        # Parquet knows no dates by the second and would give them back by the millisecond.
        kinds = {column["name"]: column["numpy_type"] for column in stored.schema.pandas_metadata["columns"]}
        table: pd.DataFrame = stored.to_pandas()
        return table.astype({name: kind for name, kind in kinds.items() if kind == "datetime64[s]"})

    def save(self, data: pd.DataFrame) -> None:
        """Start writing the table atomically in the background; nodes never modify their inputs."""
        self._wait()
        PENDING[self._filepath] = _writer().submit(write_table, data, self._filepath)

    def _exists(self) -> bool:
        self._wait()
        return super()._exists()

    def _wait(self) -> None:
        if self._filepath in PENDING:
            PENDING.pop(self._filepath).result()


def write_table(data: pd.DataFrame, filepath: Path) -> None:
    """Write a table to a Parquet file, atomically."""
    # Only categories gain from a dictionary or are worth the time it takes to look for one.
    categories = [str(name) for name in data if isinstance(data[name].dtype, pd.CategoricalDtype)]
    table = pa.Table.from_pandas(data, preserve_index=False)
    with atomic_write(filepath) as path:
        pa.parquet.write_table(table, path, compression="lz4", use_dictionary=categories, write_statistics=False)


def run_after_writes(act: Callable[[], None], name: Path) -> None:
    """Schedule an action after all pending writes, unless one failed; `wait_for_writes` waits for it by this name."""
    before = list(PENDING.values())

    def act_on_success() -> None:
        # The one thread has come to the end of all of them.
        if not any(write.exception() for write in before):
            act()

    PENDING[name] = _writer().submit(act_on_success)


def wait_for_writes(only_done: bool = False) -> None:
    """Wait for writes in the background and raise the first error among them.

    Args:
        only_done: look at finished writes only, and wait for none.

    Raises:
        OSError: a table could not be written, the disk being full, say.
    """
    for path, write in list(PENDING.items()):
        if write.done() or not only_done:
            PENDING.pop(path)
            write.result()
