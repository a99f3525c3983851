"""Row functions by name: what a declared feature may be made by, for whole columns and for the plain values of one row.

Each works row by row and fits nothing. The scalar form lets a server prepare few rows without a table.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from importlib import import_module
from math import isnan, log1p, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.column_type import distinct, is_null, spread
from casebook.preprocessing.feature_functions import DAY_PARTS, number_in, number_of
from casebook.preprocessing.lags import lag_column
from casebook.preprocessing.quantities import parse_quantities, parse_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

WORD = re.compile(r"\w+")
SECONDS_OF_A_DAY = 86_400
# What a byte holds.
MOST_WORDS = 255


@dataclass(frozen=True)
class RowFunction:
    """A function of the columns of a table.

    Attributes:
        of_columns: takes columns and options, returns the feature's column.
        of_values: the same of the plain values of one row; none where a server makes a table instead.
        of_columns_at_once: takes columns and a list of options, returns a column for each; where that saves time.
        inputs: how many columns it takes.
        options: the names of its options.
        of_rows: takes rows, the history that a model keeps, and options; for a function that looks at other rows, which
            then has no other form.
    """

    of_columns: Callable[..., pd.Series] | None = None
    of_values: Callable[..., Any] | None = None
    of_columns_at_once: Callable[..., list[pd.Series]] | None = None
    inputs: int = 1
    options: tuple[str, ...] = ()
    of_rows: Callable[..., pd.Series] | None = None


def take_as_it_is(column: pd.Series) -> pd.Series:
    """Return the column."""
    return column


def part_of_date(column: pd.Series, part: str) -> pd.Series:
    """Take a part of each date: float64 with NaN where it is missing, int16 where none is."""
    return parts_of_date(column, [{"part": part}])[0]


def parts_of_date(column: pd.Series, options: Sequence[Mapping[str, str]]) -> list[pd.Series]:
    """Take several parts of each date, whose distinct values are looked for once."""
    codes, values = distinct(column)
    # Of an index pandas would make each day anew for every part.
    days, missing = pd.DatetimeIndex(values).to_pydatetime(), bool((codes < 0).any())
    found = [np.array([DATE_PARTS[each["part"]](day) for day in days], dtype=np.float64) for each in options]
    parts = [spread(codes, part if missing else part.astype(np.int16), nan if missing else 0) for part in found]
    return [pd.Series(part, column.index) for part in parts]


def _part_of_day(day: date | None, part: str) -> float:
    return nan if day is None else float(DATE_PARTS[part](day))


def days_between(first: pd.Series, second: pd.Series) -> pd.Series:
    """Count the days from the first date to the second; float64 with NaN where one is missing."""
    days: pd.Series = (second - first).dt.total_seconds() / SECONDS_OF_A_DAY
    return days.rename(None)


def ratio(first: pd.Series, second: pd.Series) -> pd.Series:
    """Divide; float64 with NaN where the divisor is 0 or one is missing."""
    divisor = second.astype("float64")
    return (first.astype("float64") / divisor.where(divisor != 0)).rename(None)


def log_of_one_more(column: pd.Series) -> pd.Series:
    """Take log(1 + x), of negative numbers -log(1 - x); float64."""
    values = column.to_numpy(np.float64, na_value=nan)
    return pd.Series(np.sign(values) * np.log1p(np.abs(values)), column.index)


def _log_of_one_more(value: float) -> float:
    return log1p(value) if value >= 0 else -log1p(-value) if value < 0 else nan


def zero_as_missing(column: pd.Series) -> pd.Series:
    """Set NaN where a value is 0; float64."""
    values: pd.Series = column.astype("float64")
    return values.where(values != 0)


def count_steps(column: pd.Series, width: float) -> pd.Series:
    """Count the whole steps up to each value; float64.

    In hundredths: as a binary fraction 0.15 is less than three steps of 0.05.
    """
    return ((column.astype("float64") * 100).round() // round(width * 100)).rename(None)


def _count_step(value: float, width: float) -> float:
    return value if isnan(value) else float(round(value * 100) // round(width * 100))


def is_missing(column: pd.Series) -> pd.Series:
    """Mark what is missing: 1, else 0; int8."""
    return column.isna().astype("int8").rename(None)


def rank_in_order(column: pd.Series, order: Sequence[str]) -> pd.Series:
    """Number the values of a category in their order from 0; float64 with NaN where one is missing or none of them."""
    codes, values = distinct(column)
    ranks = [_rank(value, order) for value in values]
    return pd.Series(spread(codes, np.array(ranks, dtype=np.float64), nan), column.index)


def _rank(value: str | None, order: Sequence[str]) -> float:
    return float(order.index(value)) if value in order else nan


def zero_or_one(column: pd.Series) -> pd.Series:
    """Make numbers of booleans: 0, 1, NaN where one is missing; int8 where none is."""
    if column.dtype == bool:
        return column.astype("int8")
    return pd.Series(column.to_numpy(dtype=object, na_value=nan).astype(np.float64), column.index)


def count_hashed_words(column: pd.Series, bucket: int, buckets: int) -> pd.Series:
    """Count the words of each text whose hash falls into a bucket; uint8."""
    return count_all_hashed_words(column, [{"bucket": bucket, "buckets": buckets}])[0]


def count_all_hashed_words(column: pd.Series, options: Sequence[Mapping[str, int]]) -> list[pd.Series]:
    """Count the words of each text for several buckets of the same hash."""
    codes, values = distinct(column)
    counts = np.zeros((len(values) + 1, options[0]["buckets"]), dtype=np.uint8)
    for row, text in enumerate(values):
        for place, count in hash_words(str(text), options[0]["buckets"]).items():
            counts[row, place] = min(count, MOST_WORDS)
    # The last line is of nulls, whose code is -1.
    return [pd.Series(counts[codes, each["bucket"]], column.index) for each in options]


def _count_hashed(text: str | None, bucket: int, buckets: int) -> int:
    return 0 if text is None else min(hash_words(text, buckets).get(bucket, 0), MOST_WORDS)


def hash_words(text: str, buckets: int) -> dict[int, int]:
    """Count the words of a text by the bucket of their hash, which is the same in every process."""
    found: dict[int, int] = {}
    for word in WORD.findall(text.lower()):
        place = zlib.crc32(word.encode()) % buckets
        found[place] = found.get(place, 0) + 1
    return found


DATE_PARTS: Mapping[str, Callable[[Any], int]] = {**DAY_PARTS, "hour": lambda moment: moment.hour}

FUNCTIONS: Mapping[str, RowFunction] = {
    "as_is": RowFunction(take_as_it_is, lambda value: value),
    "date_part": RowFunction(part_of_date, _part_of_day, parts_of_date, options=("part",)),
    "days_between": RowFunction(days_between, inputs=2),
    "number_in_text": RowFunction(number_in, number_of),
    "quantity": RowFunction(parse_quantities, parse_quantity, options=("decimal",)),
    "ratio": RowFunction(ratio, inputs=2),
    "log1p": RowFunction(log_of_one_more, _log_of_one_more),
    "zero_as_missing": RowFunction(zero_as_missing, lambda value: nan if value == 0 else value),
    "steps": RowFunction(count_steps, _count_step, options=("width",)),
    "is_missing": RowFunction(is_missing, lambda value: float(is_null(value))),
    "rank": RowFunction(rank_in_order, _rank, options=("order",)),
    "zero_or_one": RowFunction(zero_or_one, lambda value: nan if value is None else float(value)),
    "hashed_word": RowFunction(
        count_hashed_words, _count_hashed, count_all_hashed_words, options=("bucket", "buckets")
    ),
    "lag": RowFunction(of_rows=lag_column, options=("steps",)),
}


def find_functions(own: str = "") -> Mapping[str, RowFunction]:
    """Return all row functions by name.

    Args:
        own: a case whose package `pipelines.<own>`, beside this one in the project and in its models, registers more.
    """
    if not own:
        return FUNCTIONS
    root = (__package__ or "").rpartition(".")[0]
    return {**FUNCTIONS, **getattr(import_module(f"{root}.pipelines.{own}.features"), "FUNCTIONS", {})}
