"""Operations on model arrays (name -> array with the rows along its first axis)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from casebook.preprocessing.tabular import Arrays


def stack_arrays(first: Arrays, second: Arrays) -> Arrays:
    """Concatenate the rows of two sets of arrays."""
    return {name: np.concatenate([values, second[name]]) for name, values in first.items()}


def without_rows(arrays: Arrays) -> Arrays:
    """Return the same arrays without rows."""
    return {name: values[:0] for name, values in arrays.items()}
