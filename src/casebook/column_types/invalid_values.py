"""Which raw values a model could not read: found before it is asked, so that each row gets its reason."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import FLAGS, distinct

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from casebook.column_types.parsing import Kind

EXPECTED: dict[str, str] = {
    "text": "a text",
    "string": "a text of at least one word",
    "date": "a date like 2023-08-26",
    "flag": "true or false",
    "number": "a finite number",
    "image": "a list of rows of whole numbers",
}
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SHOWN = 60
# Types of which no value is wrong.
SURE: dict[Kind, frozenset[type]] = {"text": frozenset({str, type(None)}), "flag": frozenset({bool, type(None)})}


@dataclass(frozen=True)
class InvalidValue:
    """Why a row cannot be answered.

    Attributes:
        row: its place, from 0.
        column: the raw column, empty where none can be named.
        reason: in one line.
    """

    row: int
    column: str
    reason: str


def find_invalid_values(rows: pd.DataFrame, kinds: Mapping[str, Kind]) -> list[InvalidValue]:
    """Find the values of a table that do not have the form of their column; see `find_invalid`."""
    faults: list[InvalidValue] = []
    for name, kind in kinds.items():
        if name not in rows or _is_text(rows[name], kind):
            continue
        if rows[name].dtype == object:
            faults += find_invalid(name, kind, rows[name].tolist())
            continue
        codes, values = distinct(rows[name])
        wrong = np.array([not accepts(kind, value) for value in values.tolist()] + [False], dtype=bool)
        if wrong.any():
            bad = np.flatnonzero(wrong[codes])
            faults += [InvalidValue(int(row), name, explain(values[codes[row]], EXPECTED[kind])) for row in bad]
    return faults


def find_invalid(name: str, kind: Kind, values: Collection[object]) -> Iterator[InvalidValue]:
    """Find the values of one column that do not have its form. Nulls are no faults, but of a text that is read whole.

    Categories that training did not know are no faults: the preprocessor says what becomes of them.
    """
    types = set(map(type, values))
    if types <= SURE.get(kind, frozenset()):
        return
    # True equals 1: the type tells them apart.
    if types.isdisjoint({list, dict, np.ndarray}) and all(
        accepts(kind, value) for _, value in set(zip(map(type, values), values, strict=True))
    ):
        return
    for row, value in enumerate(values):
        if not accepts(kind, value):
            yield InvalidValue(row, name, explain(value, EXPECTED[kind]))


def accepts(kind: Kind, value: object) -> bool:
    """Tell whether a column of this kind can take a value."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return kind not in {"string", "image"}
    return CHECKS[kind](value)


def explain(value: object, expected: str) -> str:
    """Say what is wrong with a value, cut short where it is long."""
    written = repr(value.item() if isinstance(value, np.generic) else value)
    return f"{written[:SHOWN]}{'...' * (len(written) > SHOWN)} is not {expected}"


def _is_text(column: pd.Series, kind: Kind) -> bool:
    """Tell whether a column holds nothing but texts and any will do, so that its values need no look."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return kind == "text" and column.cat.categories.dtype != object
    return kind == "text" and isinstance(column.dtype, pd.StringDtype)


def _fits_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    try:
        number = isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value))
        return bool(number) and math.isfinite(float(value))  # type: ignore[arg-type]
    except OverflowError:
        return False


def _fits_date(value: object) -> bool:
    if isinstance(value, date):
        return True
    if not isinstance(value, str):
        return False
    # As the columns are typed: a time behind the day is dropped.
    day = re.split("[T ]", value, maxsplit=1)[0]
    try:
        return bool(DAY.fullmatch(day)) and date.fromisoformat(day) is not None
    except ValueError:
        return False


def _fits_flag(value: object) -> bool:
    return isinstance(value, bool | int | float | str) and str(value).strip().lower() in FLAGS


def _fits_text(value: object) -> bool:
    # Whole numbers are what becomes of codes like "0" on their way through JSON.
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


CHECKS: dict[Kind, Callable[[object], bool]] = {
    "text": _fits_text,
    "string": lambda value: isinstance(value, str) and bool(value.strip()),
    "date": _fits_date,
    "flag": _fits_flag,
    "number": _fits_number,
    "image": lambda value: isinstance(value, list | np.ndarray),
}
