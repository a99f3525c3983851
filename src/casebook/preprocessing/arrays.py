"""Sets of model arrays, which hold one row's values at one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from casebook.preprocessing.tabular import Arrays


def stack_arrays(first: Arrays, second: Arrays) -> Arrays:
    """Put the rows of two sets of arrays together."""
    return {name: np.concatenate([values, second[name]]) for name, values in first.items()}


def no_rows(arrays: Arrays) -> Arrays:
    """Give a set of the same arrays without any row."""
    return {name: values[:0] for name, values in arrays.items()}
