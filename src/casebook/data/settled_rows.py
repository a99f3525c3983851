"""Joined rows of a declared case as they are learnt from: with their target, and marked by a published split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError
from casebook.data.declared_tables import EXAMPLES, TEST, TRAIN, refuse_missing

if TYPE_CHECKING:
    from collections.abc import Collection

    from casebook.config.schema.table_declaration import DataParameters


@dataclass(frozen=True)
class SettledRows:
    """Joined rows.

    Attributes:
        rows: those that have a target.
        missing: how many lack it.
    """

    rows: pd.DataFrame
    missing: int


def settle_rows(joined: pd.DataFrame, data: DataParameters, target: str, task: str, file: str) -> SettledRows:
    """Leave out rows without a target, and mark the sides of a published split.

    Args:
        joined: typed rows.
        data: the declaration.
        target: column of the target.
        task: binary, multiclass or regression.
        file: that the rows are of.

    Raises:
        InvalidTableError: there is no target, or nothing says of each row its part.
    """
    refuse_missing(joined, [target], file, "the target")
    refuse_missing(joined, data.with_role("split"), file, "which says of each row its part")
    for name in data.with_role("split"):
        parts = mark_given_parts(joined[name], data.columns[name].test, f"{file}, column {name}")
        joined = joined.assign(**{name: parts})
    settled = settle_target(joined, target, task)
    return SettledRows(settled, len(joined) - len(settled))


def describe_missing_target(missing: int, rows: int, data: DataParameters, target: str, file: str) -> str:
    """Say how many of all rows are set aside for want of a target; nothing where none is."""
    others = target in data.columns and data.columns[target].others == "missing"
    lacks = "empty or none of the classes" if others else "empty"
    told = f"{file}, column {target} is {lacks} in {missing} of {rows} rows, which are set aside"
    return told if missing else ""


def settle_target(rows: pd.DataFrame, target: str, task: str) -> pd.DataFrame:
    """Leave out rows without a target; of classes the number becomes an int8 (int16 where there are many)."""
    known = rows[target].notna().to_numpy()
    kept = rows if known.all() else rows[known].reset_index(drop=True)
    if task == "regression":
        return kept
    return kept.astype({target: "int8" if kept[target].max() <= np.iinfo(np.int8).max else "int16"})


def mark_given_parts(column: pd.Series, test: Collection[object], place: str) -> pd.Series:
    """Translate the column of a published split into train and test.

    Raises:
        InvalidTableError: no row is one of the test rows, or all are.
    """
    words = column.astype("str")
    tested = words.isin([str(value) for value in test]) if test else words.str.lower().str.contains(TEST, na=False)
    if tested.all() or not tested.any():
        known = ", ".join(map(str, words.drop_duplicates().head(EXAMPLES)))
        raise InvalidTableError(f"{place}: give the values of test rows with test: [...]; it holds {known}")
    return pd.Series(pd.Categorical(np.where(tested, TEST, TRAIN)), column.index, name=column.name)
