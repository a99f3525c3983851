"""Numbers as people write them: with a currency, a percent sign, a unit or separators of thousands."""

from __future__ import annotations

import re
from math import nan

import numpy as np
import pandas as pd

from casebook.column_types.column_type import distinct, spread

# What may stand before the digits: a sign, a currency ($, US$, EUR is a unit behind), a bound (<, >, ~).
BEFORE = r"\s*(?P<sign>[-+]?)\s*(?:[A-Za-z]{0,3}[$€£¥]|[<>≤≥~±]{1,2})?\s*"
DIGITS = {
    ".": r"(?P<whole>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+))(?:\.(?P<part>\d+))?",
    ",": r"(?P<whole>[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+))(?:,(?P<part>\d+))?",
}
PATTERNS = {decimal: re.compile(f"{BEFORE}{digits}(?P<unit>[^\\d]*)") for decimal, digits in DIGITS.items()}


def match_quantity(text: str, decimal: str) -> tuple[float, str] | None:
    """Parse a number with what stands around it.

    Args:
        text: "$1,234.50", "12 %", "<18", "3.5 km".
        decimal: "." or ",", the sign before its fraction; the other one may separate thousands.

    Returns:
        The number and its unit, without blanks; none where the text is another.
    """
    found = PATTERNS[decimal].fullmatch(text)
    if found is None:
        return None
    number = float(f"{re.sub('[.,]', '', found['whole'])}.{found['part'] or 0}")
    return (-number if found["sign"] == "-" else number), found["unit"].strip()


def parse_quantities(column: pd.Series, decimal: str) -> pd.Series:
    """Parse the number of each text, NaN where there is none; float64. See `match_quantity`."""
    codes, values = distinct(column)
    numbers = np.array([parse_quantity(str(text), decimal) for text in values], dtype=np.float64)
    return pd.Series(spread(codes, numbers, nan), column.index)


def parse_quantity(text: str | None, decimal: str) -> float:
    """Parse the number of one text, NaN where there is none."""
    found = None if text is None else match_quantity(text, decimal)
    return nan if found is None else found[0]
