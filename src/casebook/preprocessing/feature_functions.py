"""Row-by-row feature functions shared by cases: numbers in texts, parts of dates. Nothing here is fitted.

A case declares of each feature all raw columns that it is made of, its sources. What a model needs of a raw row, which
features a leak closes and whose importance a feature counts for all follow from that.
"""

from __future__ import annotations

import re
from datetime import date
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from casebook.column_types.parsing import distinct, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import TypeAlias

    FeatureSources: TypeAlias = Mapping[str, tuple[str, ...]]

SEPARATORS = pa.array([" ", "_"])
BEFORE_NUMBER = re.compile(r"^.*[ _]")
NUMBER = re.compile(r"\d+(\.\d+)?(e\+?\d+)?", re.ASCII)
DAY_PARTS: dict[str, Callable[[date], int]] = {
    "year": lambda day: day.year,
    "month": lambda day: day.month,
    "quarter": lambda day: (day.month + 2) // 3,
    "week": lambda day: day.isocalendar().week,
    "weekday": date.weekday,
    "day": lambda day: day.day,
}
DATE_PARTS = tuple(DAY_PARTS)


def list_raw_columns(features: Iterable[str], sources: FeatureSources) -> list[str]:
    """List the raw columns that features are made of, each once."""
    return list(dict.fromkeys(raw for name in features for raw in sources[name]))


def list_computable(sources: FeatureSources, raw_columns: Collection[str]) -> list[str]:
    """List the features all of whose raw columns are there, in the order of their declaration."""
    return [name for name, raw in sources.items() if all(column in raw_columns for column in raw)]


def number_in(column: pd.Series) -> pd.Series:
    """Parse the number at the end of each text: 100 in "ppl_100", 76 in "type 76", 100000 in "ppl_1e+05".

    Returns:
        int32 where every row has a whole number that fits, else float64 with NaN for nulls and texts without a number.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = distinct(column)
        numbers = spread(codes, _numbers(pa.array(values, pa.string())), np.nan)
    else:
        numbers = _numbers(pa.array(column, pa.string(), from_pandas=True))
    if bool((np.abs(numbers) <= np.iinfo(np.int32).max).all()) and bool((numbers == np.rint(numbers)).all()):
        return pd.Series(numbers.astype(np.int32), column.index, name=column.name)
    return pd.Series(numbers, column.index, name=column.name)


def _numbers(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Parse the digits behind the last blank or underscore of each text, as float64 with NaN where there are none."""
    found = _behind_common_prefix(texts)
    if found is not None:
        return found
    found = pc.replace_substring_regex(texts, r"^.*[ _]", "")
    is_number = pc.fill_null(pc.match_substring_regex(found, r"^\d+(\.\d+)?(e\+?\d+)?$"), False)
    numbers: np.ndarray = pc.cast(pc.if_else(is_number, found, None), pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _behind_common_prefix(texts: pa.Array | pa.ChunkedArray) -> np.ndarray | None:
    """Parse the numbers when the prefixes of all texts are equally long ("act1_", "act2_"), without a pattern.

    Returns:
        float64, or None when a prefix is of another length or something behind one is no plain number.
    """
    first = texts[0].as_py() if len(texts) and not texts.null_count else ""
    length = max(first.rfind(" "), first.rfind("_")) + 1
    if not length or not pc.all(pc.is_in(pc.utf8_slice_codeunits(texts, length - 1, length), SEPARATORS)).as_py():
        return None
    behind = pc.utf8_slice_codeunits(texts, length)
    # A cast would take "nan", "-5" and "5." for numbers too.
    if pc.any(pc.match_substring_regex(behind, r"[^0-9e+.]|^[^0-9]|\.$|\.[^0-9]")).as_py():
        return None
    try:
        numbers: np.ndarray = pc.cast(behind, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return numbers


def number_of(text: str | None) -> float:
    """Parse the number at the end of one text, NaN where there is none; see `number_in`."""
    if text is None:
        return nan
    behind = text[max(text.rfind(" "), text.rfind("_")) + 1 :]
    # Most are digits alone, for which no pattern is needed; the pattern sees lines where there are several.
    if behind.isdecimal() and text.isascii() and "\n" not in text:
        return float(behind)
    found = NUMBER.fullmatch(BEFORE_NUMBER.sub("", text))
    return float(found[0]) if found else nan
