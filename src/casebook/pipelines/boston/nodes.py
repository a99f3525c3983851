"""Boston's own nodes: reading its arrays and dividing the rows as Keras does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.data.schema_checks import check_table
from casebook.data.source_names import source_of
from casebook.pipelines.boston.columns import HOUSES, INPUTS, PART, TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "boston_housing.npz"
# What keras.datasets.boston_housing.load_data does when nothing else is said.
KERAS_SEED, KERAS_TEST_SHARE = 113, 0.2


def ingest_houses(raw_houses: Mapping[str, np.ndarray] | pd.DataFrame) -> pd.DataFrame:
    """Type and check the houses, in the order and on the sides that Keras gives them.

    Returns:
        The 13 inputs and `MEDV` (float64, thousands of dollars) under their names, and `part`, "train" or "test" as a
        category. Rows are shuffled as Keras shuffles them: 404 of the 506 for training, then 102 for test.
    """
    from casebook.pipelines.boston.schemas import HOUSES_SCHEMA

    file = source_of(raw_houses, FILE)
    table = name_columns(raw_houses) if isinstance(raw_houses, pd.DataFrame) else take_houses(raw_houses, [*HOUSES])
    houses = check_table(conform_table(table, HOUSES, file), HOUSES_SCHEMA, file)
    return divide_as_keras(houses.astype({TARGET: "float64"}))


def name_columns(raw_houses: pd.DataFrame) -> pd.DataFrame:
    """Spell the names of a table's columns as the original publication does; copies of it use small letters."""
    return raw_houses.rename(columns=lambda name: str(name).upper() if str(name).upper() in HOUSES else name)


def divide_as_keras(houses: pd.DataFrame) -> pd.DataFrame:
    """Shuffle the rows by their place in the file and hold out the last fifth, as Keras does.

    Returns:
        The rows in Keras's order, numbered anew, with the column `part`.
    """
    order = np.arange(len(houses))
    np.random.RandomState(KERAS_SEED).shuffle(order)
    train_rows = int(len(houses) * (1 - KERAS_TEST_SHARE))
    sides = np.repeat(["train", "test"], [train_rows, len(houses) - train_rows])
    return houses.iloc[order].reset_index(drop=True).assign(**{PART: pd.Categorical(sides)})


def take_houses(raw_houses: Mapping[str, np.ndarray], needed: Sequence[str] = INPUTS) -> pd.DataFrame:
    """Take the houses out of an archive, in its order and under their names.

    Args:
        raw_houses: `x`, the inputs, and `y`, the prices, which houses to predict have not.
        needed: columns that the table must have.

    Raises:
        InvalidTableError: an array is missing, holds no numbers or has another shape.
    """
    file = source_of(raw_houses, FILE)
    missing = [name for name in ("x", "y")[: 1 + (TARGET in needed)] if name not in raw_houses]
    if missing:
        raise InvalidTableError(
            f"{file} lacks the array{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(sorted(raw_houses)) or 'none'}: get the file of keras.datasets.boston_housing"
        )
    inputs = _refuse_texts(raw_houses["x"], f"{file}, array x")
    if inputs.ndim != 2 or inputs.shape[1] != len(INPUTS):
        raise InvalidTableError(
            f"{file}, array x: has the shape {inputs.shape}; (rows, {len(INPUTS)}) is needed, a column each for "
            f"{', '.join(INPUTS)}"
        )
    table = pd.DataFrame(inputs, columns=list(INPUTS))
    if TARGET not in needed:
        return table
    prices = _refuse_texts(raw_houses["y"], f"{file}, array y")
    if prices.shape != inputs.shape[:1]:
        raise InvalidTableError(
            f"{file}, array y: has the shape {prices.shape}; {inputs.shape[:1]} is needed, a price for each row of x"
        )
    return table.assign(**{TARGET: prices})


def _refuse_texts(array: np.ndarray, place: str) -> np.ndarray:
    if array.dtype.kind not in "iuf":
        raise InvalidTableError(f"{place}: holds {array.dtype} where numbers are needed")
    return array
