"""Preprocessing of raw rows given as plain values by column, without a table, which takes pandas longer.

Only where every feature comes of one raw value. Values are parsed by their columns' types, as those of a table are;
rows with an invalid one are left to the table's path, which reports it.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.column_type import BOOLEANS, InvalidValueError, is_null
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.preprocessing.tabular import BLOCK_TYPES, CategoryColumn, NumberColumn
from casebook.preprocessing.target_statistics import TargetStatisticColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from casebook.column_types.kinds import Kind
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Make = Callable[[Any], Any]
    Encode = Callable[[Sequence[Any]], np.ndarray]

# Above so many rows the table's path is faster.
MAX_FAST_ROWS = 16


class FastRows:
    """Fast preprocessing of a few raw rows into model arrays."""

    def __init__(
        self,
        columns: Mapping[str, Kind],
        optional: set[str],
        sources: Mapping[str, str],
        value_features: Mapping[str, Make],
        preprocessor: TabularPreprocessor,
    ) -> None:
        """Build the parser and the encoders of each raw column.

        Args:
            columns: of a raw row, with their kinds.
            optional: those that a row may lack.
            sources: of each feature the raw column that it comes of.
            value_features: what makes a feature of a raw value; the others are the value as it is.
            preprocessor: fitted.
        """
        self.columns = {name: _Column(kind) for name, kind in columns.items()}
        self.required = frozenset(columns) - optional
        self.widths = {block: sum(c.block == block for c in preprocessor.columns) for block in BLOCK_TYPES}
        for fitted in preprocessor.columns:
            block, position = preprocessor.positions[fitted.name]
            feature = (block, position, value_features.get(fitted.name), _make_encoder(fitted))
            self.columns[sources[fitted.name]].features.append(feature)

    def prepare_table(self, rows: pd.DataFrame) -> Arrays | None:
        """Prepare a table of few rows; None as in `prepare`, and for many rows."""
        names = list(rows.columns)
        if not 0 < len(rows) <= MAX_FAST_ROWS or len(set(names)) < len(names):
            return None
        by_column = zip(*rows.to_numpy(dtype=object).tolist(), strict=True)
        return self.prepare(dict(zip(names, by_column, strict=True)))

    def prepare(self, values: Mapping[str, Sequence[Any]]) -> Arrays | None:
        """Prepare rows given as plain values by column.

        Returns:
            What `preprocessing.prepare_rows` gives; nothing when a column is unknown, a value is invalid, or there are
            no rows.
        """
        rows = len(next(iter(values.values()), ()))
        if not rows or not self.required <= values.keys() <= self.columns.keys():
            return None
        stored: Arrays = {
            str(block): np.empty((rows, width), BLOCK_TYPES[block]) for block, width in self.widths.items()
        }
        try:
            for name, column in self.columns.items():
                if column.features or name in values:
                    column.store(values[name], stored)
        except (ValueError, KeyError, TypeError):
            return None
        return stored


class _Column:
    """A raw column: the parser of its values, and the features made of them.

    Attributes:
        features: of each its block and place there, what makes it of a value, and what stores such values.
    """

    def __init__(self, kind: Kind) -> None:
        self.takes_booleans = kind in {"flag", "boolean"}
        self.parse = COLUMN_TYPES[kind].parse_value
        self.features: list[tuple[str, int, Make | None, Encode]] = []

    def store(self, values: Sequence[Any], stored: Arrays) -> None:
        """Encode each distinct value once."""
        # A value that is looked up for the first time gets the next number.
        numbers: defaultdict[Any, int] = defaultdict(count().__next__)
        by_row = np.fromiter(map(numbers.__getitem__, values), np.intp, len(values))
        # True equals 1: among numbers it would be taken for one.
        if not self.takes_booleans and (0 in numbers or 1 in numbers) and not BOOLEANS.isdisjoint(map(type, values)):
            raise InvalidValueError
        plain = list(map(self.parse, numbers))
        for block, position, make, encode in self.features:
            stored[block][:, position] = encode(list(map(make, plain)) if make else plain)[by_row]


def _make_encoder(column: NumberColumn | CategoryColumn) -> Encode:
    """Build the encoder of a feature's plain values; see `preprocessing`."""
    if isinstance(column, TargetStatisticColumn):
        statistics = dict(zip(column.values, column.statistics_of, strict=False))
        null, prior = column.statistics_of[-1], column.prior
        return lambda values: column.encode_values(
            np.array([null if is_null(value) else statistics.get(value, prior) for value in values])
        )
    if isinstance(column, NumberColumn):
        # NumPy reads None as NaN.
        return lambda values: column.encode_values(np.array(values, dtype=np.float64))
    kind, null = BLOCK_TYPES[column.block], column.null_code
    codes = {value: code for code, value in enumerate(column.values, 1)}

    def find(value: Any) -> int:  # noqa: ANN401 - a feature
        return codes.get(value) or (int(column.find([value])[0]) if column.fallback else 0)

    return lambda values: np.array([null if is_null(value) else find(value) for value in values], dtype=kind)
