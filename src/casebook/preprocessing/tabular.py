"""Preprocessing of tables: fill values, clips, categories, offsets and scales, fitted on training rows only.

A prepared row is compact: small integers in `codes` (uint8), large category numbers in `ids` (int32) and real numbers
in `numbers` (float32). The network expands them into the dense features; `expand_dense` does the same in NumPy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from casebook.column_types.parsing import distinct, spread
from casebook.compute.threads import map_in_threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Block = Literal["codes", "ids", "numbers"]
Arrays = dict[str, np.ndarray]
BLOCK_TYPES: dict[Block, type] = {"codes": np.uint8, "ids": np.int32, "numbers": np.float32}
# Whole numbers are kept in a byte where training rows span at most half of it: later ones beyond stay exact.
MAX_BYTE, MAX_BYTE_SPAN = 255, 127
CHUNK_ROWS = 8192


@dataclass(frozen=True)
class NumberColumn:
    """A column encoded as one number, with a `unit` by `log_of_long_tail`; `offset` is subtracted before storing."""

    name: str
    block: Block
    offset: float
    fill: float
    low: float
    high: float
    mean: float
    deviation: float
    minimum: float
    maximum: float
    unit: float = 0.0

    width = 1

    def encode(self, column: pd.Series) -> np.ndarray:
        """Encode a column: fill, clip and shift; one stored value a row, shape (rows,)."""
        if self.block == "codes" and column.dtype.kind in "biu" and np.isinf([self.low, self.high]).all():
            # Whole numbers stay whole all the way: the same result in a tenth of the time.
            whole = column.to_numpy().astype(np.int64) - int(self.offset)
            return np.clip(whole, 0, MAX_BYTE, out=whole).astype(np.uint8)
        return self.encode_values(column.to_numpy(np.float64, na_value=np.nan))

    def encode_values(self, values: np.ndarray) -> np.ndarray:
        """Encode float64 values, NaN for null, as `encode` does; shape (rows,)."""
        filled = np.where(np.isnan(values), self.fill, values)
        clipped = np.minimum(np.maximum(filled, self.low, out=filled), self.high, out=filled)
        shifted = (log_of_long_tail(clipped, self.unit) if self.unit else clipped) - self.offset
        if self.block == "codes":
            return np.minimum(np.maximum(np.rint(shifted), 0), MAX_BYTE).astype(np.uint8)
        return shifted.astype(np.float32)

    def statistics(self) -> np.ndarray:
        """Return mean, deviation, minimum and maximum of the raw values, shape (4, 1)."""
        return np.array([[self.mean], [self.deviation], [self.minimum], [self.maximum]])


def log_of_long_tail(values: np.ndarray, unit: float) -> np.ndarray:
    """Compute sign(x) log(1 + |x| / unit): linear up to about the unit, a logarithm beyond, in both directions."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values) / unit))


@dataclass(frozen=True)
class CategoryColumn:
    """A column encoded as categories; code 0 is any value unknown to training, code i + 1 the i-th value.

    With a `fallback` of n (`nearest_lower_within`), categories are numbers, and an unknown one counts as the nearest
    lower one of the same n (for 100: from 500 to 599) in training, where there is one.
    """

    name: str
    block: Block
    encoding: Literal["onehot", "embedding"]
    values: list[Any]
    counts: list[int]
    null_code: int
    rows: int
    left_out: int = 0
    fallback: int = 0

    @property
    def size(self) -> int:
        """Return the number of known categories, a category of its own for nulls included."""
        return len(self.counts)

    @property
    def width(self) -> int:
        """Return the number of dense features: an indicator of each known category but the first `left_out`."""
        return self.size - self.left_out

    def encode(self, column: pd.Series) -> np.ndarray:
        """Encode each row's value as its code, shape (rows,)."""
        codes, values = distinct(column)
        known = self.find(values)
        return spread(codes, known.astype(BLOCK_TYPES[self.block]), self.null_code)

    def find(self, values: Sequence[Any] | pd.Index) -> np.ndarray:
        """Look up the codes of values that are not null, shape (values,)."""
        known, requested = pd.Index(self.values), pd.Index(values)
        if not self.fallback or known.empty:
            return np.asarray(known.get_indexer(requested) + 1)
        codes = np.asarray(known.get_indexer(requested, method="pad") + 1)
        same_group = np.asarray(known[codes - 1] // self.fallback == requested // self.fallback)
        return np.where(same_group, codes, 0)

    def statistics(self) -> np.ndarray:
        """Compute mean, deviation, minimum and maximum of the indicator of each category, shape (4, width)."""
        share = np.asarray(self.counts[self.left_out :], dtype=np.float64) / self.rows
        return np.stack([share, np.sqrt(share * (1 - share)), (share == 1).astype(float), (share > 0).astype(float)])


@dataclass(frozen=True)
class TabularPreprocessor:
    """The fitted columns in their order and the scaling of the dense features."""

    columns: list[NumberColumn | CategoryColumn]
    scaling: Literal["none", "standard", "standard_numbers", "minmax"]
    positions: dict[str, tuple[Block, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute each column's block and position within it."""
        places: dict[str, tuple[Block, int]] = {}
        counts: dict[Block, int] = dict.fromkeys(BLOCK_TYPES, 0)
        for column in self.columns:
            places[column.name] = (column.block, counts[column.block])
            counts[column.block] += 1
        object.__setattr__(self, "positions", places)

    @property
    def dense(self) -> list[NumberColumn | CategoryColumn]:
        """List the columns that become dense features: the numbers, then the one-hot columns."""
        numbers = [column for column in self.columns if isinstance(column, NumberColumn)]
        return [*numbers, *(c for c in self.columns if isinstance(c, CategoryColumn) and c.encoding == "onehot")]

    @property
    def embedded(self) -> list[CategoryColumn]:
        """List the columns that get an embedding."""
        return [c for c in self.columns if isinstance(c, CategoryColumn) and c.encoding == "embedding"]

    @property
    def features(self) -> list[str]:
        """List the names of the dense features; one-hot features are called `column=value`."""
        names = [column.name for column in self.dense if isinstance(column, NumberColumn)]
        for column in self.dense:
            if isinstance(column, CategoryColumn):
                known = [*column.values, "(null)"][: column.size]  # noqa: PD011 - no pandas object
                names += [f"{column.name}={value}" for value in known[column.left_out :]]
        return names

    @property
    def column_names(self) -> list[str]:
        """List the names of the feature columns that it prepares."""
        return [column.name for column in self.columns]

    @property
    def feature_count(self) -> int:
        """Return the number of features that a network sees: the dense ones, and one for each embedding."""
        return len(self.features) + len(self.embedded)

    def scale_and_shift(self) -> tuple[np.ndarray, np.ndarray]:
        """Compute `scale` and `shift` (float64, (dense features,)): feature = stored value * scale + shift.

        By `standard_numbers` indicators stay 0 and 1: divided by its deviation that of a rare category would be large.
        """
        offsets = np.concatenate([np.full(c.width, getattr(c, "offset", 0.0)) for c in self.dense] or [np.empty(0)])
        mean, deviation, low, high = np.concatenate([c.statistics() for c in self.dense] or [np.empty((4, 0))], axis=1)
        if self.scaling == "none":
            return np.ones_like(offsets), offsets
        centre, spread_ = (low, high - low) if self.scaling == "minmax" else (mean, deviation)
        if self.scaling == "standard_numbers":
            numbers = sum(isinstance(column, NumberColumn) for column in self.dense)
            centre[numbers:], spread_[numbers:] = 0.0, 1.0
        # A constant feature stays 0 rather than a division by 0 (as in scikit-learn).
        scale = 1 / np.where(spread_ == 0, 1.0, spread_)
        return scale, (offsets - centre) * scale

    def prepare(self, table: pd.DataFrame) -> Arrays:
        """Encode feature rows as model arrays; see `prepare_rows`."""
        return prepare_rows(table, self)

    def to_dict(self) -> dict[str, Any]:
        """Convert the preprocessor to plain values that JSON can hold."""
        return {"scaling": self.scaling, "columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TabularPreprocessor:
        """Rebuild a preprocessor from the values of `to_dict`."""
        from casebook.preprocessing.target_statistics import restore_column

        return cls([restore_column(column) for column in values["columns"]], values["scaling"])


def prepare_rows(table: pd.DataFrame, preprocessor: TabularPreprocessor) -> Arrays:
    """Encode feature rows as model arrays.

    Args:
        table: at least the fitted columns.
        preprocessor: from `fit_preprocessor`.

    Returns:
        `codes` uint8, `ids` int32 and `numbers` float32, each (rows, columns of that block), C-ordered.
    """
    columns: dict[Block, list[np.ndarray]] = {block: [] for block in BLOCK_TYPES}
    encoded = map_in_threads(lambda column: column.encode(table[column.name]), preprocessor.columns, len(table))
    for column in preprocessor.columns:
        columns[column.block].append(encoded.pop(0))
    return {str(block): interleave(columns.pop(block), len(table), kind) for block, kind in BLOCK_TYPES.items()}


def interleave(columns: list[np.ndarray], rows: int, kind: type) -> np.ndarray:
    """Stack columns side by side, so that a row is contiguous in memory.

    Returns:
        C-ordered array of shape (rows, columns).
    """
    block: np.ndarray = np.empty((rows, len(columns)), dtype=kind)
    # A chunk fits the processor's cache: writing complete columns with a stride is five times slower.
    for start in range(0, rows, CHUNK_ROWS):
        chunk = block[start : start + CHUNK_ROWS]
        for position, column in enumerate(columns):
            chunk[:, position] = column[start : start + CHUNK_ROWS]
    return block


def expand_dense(arrays: Mapping[str, np.ndarray], preprocessor: TabularPreprocessor) -> np.ndarray:
    """Expand model arrays into the dense, scaled features that the network computes from them.

    Returns:
        float64 of shape (rows, features), in the order of `preprocessing.features`.
    """
    parts = [np.empty((len(arrays["codes"]), 0))]
    for column in preprocessor.dense:
        block, position = preprocessor.positions[column.name]
        stored = arrays[block][:, [position]]
        if isinstance(column, CategoryColumn):
            stored = stored == np.arange(1 + column.left_out, column.size + 1)
        parts.append(stored.astype(np.float64))
    scale, shift = preprocessor.scale_and_shift()
    return np.asarray(np.concatenate(parts, axis=1) * scale + shift)
