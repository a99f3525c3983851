"""Classes of a target: the one grammar for raw files, batches of new rows and outcomes.

A class is written as its number, as text or not (`1`, `1.0`, " 1"). Of two classes 1 is also yes, true, y and t, and 0
no, false, n and f, in any case and with blanks around. A case whose classes have other names declares them; then these
alone are read, so that a 1 that means the first of two classes is not taken for the second.
"""

from __future__ import annotations

from math import nan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from casebook.column_types.column_type import ColumnType, InvalidValueError, spread
from casebook.column_types.tabular_types import NumberType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SPELLINGS = {"yes": 1, "true": 1, "y": 1, "t": 1, "no": 0, "false": 0, "n": 0, "f": 0}
NUMBER = NumberType()
NO_LABELS: Mapping[str, int] = MappingProxyType({})


class LabelType(ColumnType):
    """Classes; parsed into int64, or float64 with NaN where one is null."""

    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["integer", "null"], "minimum": 0}
    null: ClassVar[Any] = nan
    remedy = (
        "mend the file, or declare what its classes are called: `classes` of the column, `labels` of a case in Python"
    )

    def __init__(self, classes: int = 2, labels: Mapping[str, int] | None = None) -> None:
        """Keep how many classes there are, and their declared names where they have any."""
        self._classes = classes
        self._declared = find_label(labels) if labels else None
        plain = "0 or 1 (no or yes)" if classes == 2 else f"a class from 0 to {classes - 1}"
        self.expected = f"one of {', '.join(labels)}" if labels else plain
        if labels:
            self.remedy = "mend the file: these are the names that the case declares"

    def read(self, value: Any) -> int:  # noqa: ANN401
        """Read a class."""
        written = spell(value)
        if self._declared is not None:
            found = self._declared(value)
        elif self._classes == 2 and written in SPELLINGS:
            found = SPELLINGS[written]
        else:
            found = int(written) if written.isdecimal() else None
        if found is None or found >= self._classes:
            raise InvalidValueError
        return found

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Make numbers of classes."""
        numbers = spread(codes, np.asarray(parsed, dtype=np.float64), nan)
        whole = not np.isnan(numbers).any()
        return pd.Series(numbers.astype(np.int64) if whole else numbers, column.index, name=column.name)


def find_label(labels: Mapping[str, int]) -> Callable[[Any], int | None]:
    """Return what finds the class of a value: by a label as it is written, else by the only one that is spelled so.

    Two classes that are called 0 and 1 are also no and yes, false and true.

    Args:
        labels: name of a class -> its number.
    """
    names = [spell(name) for name in labels]
    spelled = {name: number for name, number in zip(names, labels.values(), strict=True) if names.count(name) == 1}
    if labels == {"0": 0, "1": 1}:
        spelled |= SPELLINGS
    return lambda value: labels.get(str(value), spelled.get(spell(value)))


def spell(value: Any) -> str:  # noqa: ANN401 - a cell of a table
    """Write a value as labels are compared: small letters without blanks around, a whole number as its digits."""
    if not isinstance(value, bool | np.bool_):
        try:
            number = NUMBER.parse_value(value)
        except ValueError:
            pass
        else:
            return str(int(number)) if number == int(number) else str(number)
    return str(value).strip().lower()


def map_labels(table: pd.DataFrame, target: str, labels: Mapping[str, int], name: str) -> pd.DataFrame:
    """Put the number of its class in place of each declared label; a table as it is where none is declared.

    Args:
        table: raw rows with their target.
        target: its column.
        labels: name of a class -> its number.
        name: what to call the table in errors.

    Raises:
        InvalidTableError: a value is none of the labels.
    """
    if not labels or target not in table:
        return table
    classes = max(labels.values()) + 1
    parsed = LabelType(classes, labels).parse_column(table[target], f"{name}, column {target}")
    mapped = table.assign(**{target: parsed})
    mapped.attrs = table.attrs
    return mapped
