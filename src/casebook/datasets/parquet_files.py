"""Parquet files and folders of them, alike whether they are read as a whole or in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

from casebook.column_types.parsing import refuse_repeated_columns
from casebook.data.data_frames import frame_arrow
from casebook.datasets.file_kinds import UnreadableError, list_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a file or folder as the table that it holds; see `open_parquet`."""
    found = open_parquet(path)
    return frame_arrow(pa.concat_tables([fragment.to_table(schema=found.schema) for fragment in list_fragments(found)]))


def read_parquet_batches(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """Read a file or folder in batches of so many rows at most; see `open_parquet`."""
    found = open_parquet(path)
    for fragment in list_fragments(found):
        yield from fragment.to_batches(schema=found.schema, batch_size=rows, batch_readahead=1)


def list_fragments(found: pyarrow.dataset.Dataset) -> list[pyarrow.dataset.Fragment]:
    """List the files in the order of their names, one after another: the numbers of the rows follow from it."""
    return sorted(found.get_fragments(), key=lambda each: str(each.path))


def open_parquet(path: Path) -> pyarrow.dataset.Dataset:
    """Open a Parquet file, or a folder of such files, whose subfolders like `month=1` are columns.

    The folders above what was named are no columns. Files of a folder may lack columns that others have.

    Raises:
        UnreadableError: a folder holds none, or files whose columns are of other types.
        InvalidTableError: a column is there twice.
    """
    folder = path.is_dir()
    files = list_parquet(path) if folder else [path]
    schemas = [pa.parquet.read_schema(file) for file in files]
    for file, schema in zip(files, schemas, strict=True):
        # Arrow refuses it in words of its own.
        refuse_repeated_columns(schema.names, str(file))
    found = pyarrow.dataset.dataset(
        [str(file) for file in files],
        format="parquet",
        partitioning="hive" if folder else None,
        partition_base_dir=str(path) if folder else None,
    )
    if not folder:
        return found
    try:
        # Arrow takes the columns of the first file alone, and passes over those that others have besides.
        together = pa.unify_schemas([found.schema, *schemas], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UnreadableError(f"its files do not fit together: {error}") from None
    return found.replace_schema(together.with_metadata(found.schema.metadata))
