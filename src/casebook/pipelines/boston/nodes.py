"""Boston's own nodes: ingestion of its arrays and Keras's split of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.data.schema_checks import check_table
from casebook.pipelines.boston.columns import HOUSES, INPUTS, PART, TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "boston_housing.npz"
# The defaults of keras.datasets.boston_housing.load_data.
KERAS_SEED, KERAS_TEST_SHARE = 113, 0.2


def ingest_houses(raw_houses: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Parse and validate the houses, in Keras's order and on its sides.

    Returns:
        The 13 inputs and `MEDV` (float64, thousands of dollars) under their names, and `part`, "train" or "test" as a
        category. Rows are shuffled as Keras shuffles them: 404 of the 506 for training, then 102 for test.
    """
    from casebook.pipelines.boston.schemas import HOUSES_SCHEMA

    inputs, prices = _load_arrays(raw_houses)
    table = pd.DataFrame(inputs, columns=list(INPUTS)).assign(**{TARGET: prices})
    houses = check_table(conform_table(table, HOUSES, FILE), HOUSES_SCHEMA, FILE)
    return divide_as_keras(houses.astype({TARGET: "float64"}))


def select_inputs(raw_houses: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Select the inputs of all houses in the order of the file, by name."""
    return pd.DataFrame(_load_arrays(raw_houses)[0], columns=list(INPUTS))


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


def _load_arrays(raw_houses: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Load the two arrays of the file.

    Raises:
        InvalidTableError: one is missing, holds no numbers or has another shape.
    """
    missing = [name for name in ("x", "y") if name not in raw_houses]
    if missing:
        raise InvalidTableError(
            f"{FILE} lacks the array{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(sorted(raw_houses)) or 'none'}: get the file of keras.datasets.boston_housing"
        )
    inputs, prices = raw_houses["x"], raw_houses["y"]
    for name, array in (("x", inputs), ("y", prices)):
        if array.dtype.kind not in "iuf":
            raise InvalidTableError(f"{FILE}, array {name}: holds {array.dtype} where numbers are needed")
    if inputs.ndim != 2 or inputs.shape[1] != len(INPUTS):
        raise InvalidTableError(
            f"{FILE}, array x: has the shape {inputs.shape}; (rows, {len(INPUTS)}) is needed, a column each for "
            f"{', '.join(INPUTS)}"
        )
    if prices.shape != inputs.shape[:1]:
        raise InvalidTableError(
            f"{FILE}, array y: has the shape {prices.shape}; {inputs.shape[:1]} is needed, a price for each row of x"
        )
    return inputs, prices
