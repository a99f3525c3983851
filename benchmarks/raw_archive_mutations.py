"""Ways in which arrays of NumPy and Parquet tables arrive damaged or in another form: bytes -> bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable

    from raw_file_mutations import Mutation

    Arrays = dict[str, np.ndarray]

MANY, HUGE = 5, 1e30


def of_arrays(change: Callable[[Arrays], Arrays], save: Callable[..., None] = np.savez) -> Mutation:
    """Build a mutation of an archive's bytes from one of its arrays by name."""

    def mutate(content: bytes) -> bytes:
        with np.load(io.BytesIO(content)) as archive:
            arrays = {name: archive[name] for name in archive.files}
        buffer = io.BytesIO()
        save(buffer, **change(arrays))
        return buffer.getvalue()

    return mutate


def each(change: Callable[[np.ndarray], Any], of: Callable[[np.ndarray], bool] = lambda _: True) -> Mutation:
    """Build a mutation of each array, or of those for which `of` holds."""
    return of_arrays(lambda arrays: {name: change(array) if of(array) else array for name, array in arrays.items()})


def of_table(change: Callable[[pd.DataFrame], pd.DataFrame], **options: object) -> Mutation:
    """Build a mutation of a Parquet file's bytes from one of its table; options are those of `to_parquet`."""

    def mutate(content: bytes) -> bytes:
        buffer = io.BytesIO()
        change(pd.read_parquet(io.BytesIO(content))).to_parquet(buffer, **{"index": False, **options})  # type: ignore[arg-type]
        return buffer.getvalue()

    return mutate


def of_texts(change: Callable[[Any], Any]) -> Mutation:
    """Build a mutation of all values of the columns of texts."""
    return of_table(lambda table: table.assign(**{name: table[name].map(change) for name in texts(table)}))


def of_numbers(change: Callable[[pd.Series], Any]) -> Mutation:
    """Build a mutation of the columns of numbers."""
    return of_table(
        lambda table: table.assign(**{name: change(table[name]) for name in table.columns.difference(texts(table))})
    )


def texts(table: pd.DataFrame) -> list[str]:
    """List the columns that hold no numbers."""
    return [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]


def small_row_groups(content: bytes) -> bytes:
    """Write the table with fixed-size texts' large type, in row groups of a few rows."""
    table = pq.read_table(io.BytesIO(content))
    fields = [(field.name, pa.large_string() if field.type == pa.string() else field.type) for field in table.schema]
    buffer = io.BytesIO()
    pq.write_table(table.cast(pa.schema(fields)), buffer, row_group_size=MANY, compression="zstd")
    return buffer.getvalue()


def wide(array: np.ndarray) -> bool:
    """Return whether an array holds inputs, not targets."""
    return array.ndim > 1


def flat(array: np.ndarray) -> bool:
    """Return whether an array holds targets, not inputs."""
    return not wide(array)


SAME_ARRAYS: dict[str, Mutation] = {
    "compressed": of_arrays(lambda arrays: arrays, np.savez_compressed),
    "not compressed": of_arrays(lambda arrays: arrays),
    "arrays in another order": of_arrays(lambda arrays: dict(reversed(list(arrays.items())))),
    "an array more": of_arrays(lambda arrays: {**arrays, "notes": np.arange(MANY)}),
    "columns first in memory": each(np.asfortranarray),
    "the other order of bytes": each(lambda array: array.astype(array.dtype.newbyteorder(">"))),
}
NO_ARRAYS: dict[str, Mutation] = {
    "arrays renamed": of_arrays(lambda arrays: {f"{name}_1": array for name, array in arrays.items()}),
    "no array": of_arrays(lambda _: {"notes": np.arange(MANY)}),
    "inputs flat": each(np.ravel, wide),
    "inputs with a dimension more": each(lambda array: array[..., None, None], wide),
    "inputs as texts": each(lambda array: np.full(array.shape, "abc"), wide),
}
DAMAGED_ARRAYS: dict[str, Mutation] = {
    "rows left out of the targets": each(lambda array: array[:-1], flat),
    "an array left out": of_arrays(lambda arrays: dict(list(arrays.items())[1:])),
    "no rows": each(lambda array: array[:0]),
    "one row": each(lambda array: array[:1]),
    "rows twice": each(lambda array: np.concatenate([array, array])),
    "rows in another order": each(lambda array: array[::-1]),
    "single precision": each(lambda array: array.astype("float32")),
    "double precision": each(lambda array: array.astype("float64")),
    "whole numbers": each(lambda array: array.astype("int64")),
    "true and false": each(lambda array: array > 0),
    "complex numbers": each(lambda array: array.astype("complex128"), wide),
    "negative inputs": each(lambda array: -array.astype("float64"), wide),
    "inputs without a number": each(lambda array: np.where(array > 0, np.nan, array), wide),
    "endless inputs": each(lambda array: np.where(array > 0, np.inf, array), wide),
    "huge inputs": each(lambda array: array * HUGE, wide),
    "targets without a number": each(lambda array: np.full(array.shape, np.nan), flat),
    "targets as texts": each(lambda array: np.full(array.shape, "abc"), flat),
    "targets all the same": each(np.zeros_like, flat),
    "targets far off": each(lambda array: array.astype("float64") + 1000, flat),
    "targets as a column": each(lambda array: array[:, None], flat),
    "inputs turned": each(lambda array: np.swapaxes(array, 0, -1), wide),
    "names in upper case": of_arrays(lambda arrays: {name.upper(): array for name, array in arrays.items()}),
}
SAME_PARQUET: dict[str, Mutation] = {
    "columns in another order": of_table(lambda table: table[table.columns[::-1]]),
    "another compression": of_table(lambda table: table, compression="gzip"),
    "not compressed": of_table(lambda table: table, compression=None),
    "small row groups, large texts": small_row_groups,
    "categories": of_table(lambda table: table.astype(dict.fromkeys(texts(table), "category"))),
    "its index kept": of_table(lambda table: table.set_axis(range(MANY, MANY + len(table))), index=True),
}
NO_PARQUET: dict[str, Mutation] = {
    "a column left out": of_table(lambda table: table.drop(columns=texts(table)[:1])),
    "a column renamed": of_table(lambda table: table.rename(columns={name: f"{name}_1" for name in texts(table)[:1]})),
    "no rows": of_table(lambda table: table.iloc[:0]),
    "numbers for texts": of_texts(len),
    "lists for texts": of_texts(lambda text: [text]),
}
DAMAGED_PARQUET: dict[str, Mutation] = {
    "one row": of_table(lambda table: table.head(1)),
    "rows twice": of_table(lambda table: pd.concat([table, table])),
    "rows in another order": of_table(lambda table: table.iloc[::-1]),
    "a column more": of_table(lambda table: table.assign(notes="x")),
    "names in upper case": of_table(lambda table: table.rename(columns=str.upper)),
    "bytes for texts": of_texts(str.encode),
    "texts empty": of_texts(lambda _: ""),
    "texts null": of_texts(lambda _: None),
    "texts of blanks": of_texts(lambda _: "  "),
    "texts of another script": of_texts(lambda text: "\u3042\u0628\u05d0 " * min(len(text), MANY)),
    "long texts": of_texts(lambda text: text * MANY),
    "zero bytes in texts": of_texts(lambda text: f"\x00{text}"),
    "numbers as texts": of_numbers(lambda column: column.astype("str")),
    "numbers with a fraction": of_numbers(lambda column: column + 0.5),
    "numbers null": of_numbers(lambda column: column.astype("Int64").mask(column == column)),
    "numbers negative": of_numbers(lambda column: -column - 1),
    "numbers all the same": of_numbers(lambda column: column * 0),
    "numbers far off": of_numbers(lambda column: column + 1000),
    "true and false": of_numbers(lambda column: column > 0),
    "dates for numbers": of_numbers(lambda column: pd.to_datetime(column, unit="D")),
}
