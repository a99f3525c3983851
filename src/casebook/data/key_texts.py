"""Keys of rows as texts, by whose hash a split deals them out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

# Whole numbers beyond have no exact place among int64.
MOST_WHOLE = 2.0**63
# Keys that are written as texts at once: millions of texts would take more memory than all the rows.
HASHED_KEYS = 65_536


def hash_keys(values: pd.Series, seed: int) -> np.ndarray:
    """Hash keys to places from 0 to 1, evenly and the same in every process.

    Args:
        values: of any type, each once.
        seed: another one makes other places.

    Returns:
        float64 of shape (rows,).
    """
    # The hash key must be 16 characters; the seed makes it another split, the padding only fills it up.
    hash_key = f"{seed:016d}"[-16:]
    # Each value is there once: to look for equal ones would take longer than all the rest.
    hashed = [
        pd.util.hash_array(write_keys(values.iloc[start : start + HASHED_KEYS]), hash_key=hash_key, categorize=False)
        for start in range(0, len(values), HASHED_KEYS)
    ]
    places: np.ndarray = np.concatenate([np.empty(0, np.uint64), *hashed]) / np.float64(2**64)
    return places


def write_keys(values: pd.Series) -> np.ndarray:
    """Write keys as texts, each by itself: parts of a table must write the same key alike.

    A null converts integers to floats, which must not move the others: whole numbers are written as such.

    Args:
        values: of any type.

    Returns:
        Texts, an object array of shape (rows,).
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        # NumPy's way takes twice as long, and four times the memory.
        written: np.ndarray = pa.array(values).cast(pa.string()).to_numpy(zero_copy_only=False)
        return written
    if values.dtype.kind != "f":
        return np.asarray(values).astype(str).astype(object)
    numbers = values.to_numpy(na_value=np.nan)
    texts: np.ndarray = numbers.astype(str).astype(object)
    whole = (numbers % 1 == 0) & (np.abs(numbers) < MOST_WHOLE)
    texts[whole] = numbers[whole].astype(np.int64).astype(str)
    texts[np.isnan(numbers)] = str(pd.NA)
    return texts
