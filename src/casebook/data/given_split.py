"""A published split that no column tells, drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from casebook.config.schema.table_declaration import GivenSplitParameters

TRAIN, TEST = "train", "test"


def divide_rows(rows: pd.DataFrame, said: GivenSplitParameters) -> pd.DataFrame:
    """Shuffle rows by their place in the file and mark the last ones for test, as `keras.datasets` does.

    Returns:
        The rows in that order, numbered anew, with the added column, "train" or "test" as a category.
    """
    order = np.arange(len(rows))
    np.random.RandomState(said.seed).shuffle(order)
    train_rows = int(len(rows) * (1 - said.test_share))
    sides = np.repeat([TRAIN, TEST], [train_rows, len(rows) - train_rows])
    return rows.iloc[order].reset_index(drop=True).assign(**{said.column: pd.Categorical(sides)})
