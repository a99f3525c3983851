"""Format of numbers in the original files: "type 76", "ppl_1e+05", days."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from casebook.synthetic_data.redhat.draws import Integers


def print_number(number: int) -> str:
    """Format a whole number as R does: in scientific form where that is shorter (100000 becomes 1e+05)."""
    digits = str(number)
    mantissa = digits.rstrip("0") or "0"
    fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    scientific = f"{mantissa[0]}{fraction}e+{len(digits) - 1:02d}"
    return scientific if len(scientific) < len(digits) else digits


def print_ids(prefixes: Sequence[str], prefix: Integers, numbers: Integers) -> pd.Series:
    """Format ids such as "act2_1734928".

    Args:
        prefixes: The prefixes that occur.
        prefix: Place of each row's prefix among them.
        numbers: The number of each row, below ten million.

    Returns:
        A text column.
    """
    text = pc.cast(pa.array(numbers), pa.string())
    round_places = np.flatnonzero((numbers >= 100_000) & (numbers % 100_000 == 0))
    if len(round_places):
        mask = np.zeros(len(numbers), dtype=bool)
        mask[round_places] = True
        text = pc.replace_with_mask(text, pa.array(mask), pa.array([print_number(int(n)) for n in numbers[mask]]))
    starts = pa.DictionaryArray.from_arrays(pa.array(prefix, pa.int8()), pa.array(list(prefixes))).cast(pa.string())
    ids = pc.binary_join_element_wise(starts, text, "")
    return pd.Series(ids.to_pandas(), dtype="string[pyarrow]")


def print_types(numbers: Integers, word: str = "type") -> "pd.Categorical[str]":
    """Format numbers as categories such as "type 76"; 0 becomes null, and only numbers that occur become categories."""
    present = np.flatnonzero(np.bincount(numbers))
    present = present[present > 0]
    codes = np.full(int(numbers.max(initial=0)) + 1, -1, dtype=np.int32)
    codes[present] = np.arange(len(present))
    return pd.Categorical.from_codes(codes[numbers], pd.Index([f"{word} {number}" for number in present]))


def print_days(places: Integers, days: pd.DatetimeIndex) -> "pd.Categorical[str]":
    """Format days as categories such as "2023-08-26"; only days that occur become categories."""
    present = np.flatnonzero(np.bincount(places, minlength=len(days)))
    codes = np.full(len(days), -1, dtype=np.int32)
    codes[present] = np.arange(len(present))
    return pd.Categorical.from_codes(codes[places], pd.Index(days[present].strftime("%Y-%m-%d")))
