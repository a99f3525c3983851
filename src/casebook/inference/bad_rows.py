"""Prediction row by row where a whole table fails: predictions of good rows, and the reasons of bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.invalid_values import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[[pd.DataFrame], pd.DataFrame]

SHOWN = 200
# Finding the column to blame takes a prediction a column, which is worth it for a few rows.
MOST_BLAMED = 20
INFINITE = "the value is so far from those of the training that the model has no finite answer"


def answer_rows(
    answer: Answer, rows: pd.DataFrame, most_faults: int | None = None
) -> tuple[pd.DataFrame, list[InvalidValue]]:
    """Predict the rows that a model can predict, and explain the others.

    A model fails as a whole on one value that it cannot work with (a date whose year no calendar has, an image of
    another size); halving the table finds the rows in few calls.

    Args:
        answer: the model; it gives a row a row, with the index of its input.
        rows: raw rows that `faults.find_invalid_values` found nothing wrong with, numbered from 0.
        most_faults: stop looking after so many.

    Returns:
        The answers of the rows that have one, under their numbers, and why the others have none.

    Raises:
        OSError: and other errors that no row is to blame for.
    """
    try:
        answers = answer(rows)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a row makes the features, the preprocessor or the network raise
        if len(rows) == 1:
            return pd.DataFrame(), [_blame(answer, rows, error)]
        return _answer_halves(answer, rows, most_faults)
    return _refuse_infinite(answer, rows, answers)


def _answer_halves(answer: Answer, rows: pd.DataFrame, most: int | None) -> tuple[pd.DataFrame, list[InvalidValue]]:
    middle = len(rows) // 2
    first, faults = answer_rows(answer, rows.iloc[:middle], most)
    if most is not None and len(faults) >= most:
        return first, faults[:most]
    second, more = answer_rows(answer, rows.iloc[middle:], None if most is None else most - len(faults))
    answered = [part for part in (first, second) if len(part)]
    return (pd.concat(answered) if answered else first), [*faults, *more]


def _refuse_infinite(
    answer: Answer, rows: pd.DataFrame, answers: pd.DataFrame
) -> tuple[pd.DataFrame, list[InvalidValue]]:
    """Remove predictions that are not finite: a value so large that the network's arithmetic overflows."""
    bad = np.flatnonzero(~_finite(answers))
    if not len(bad):
        return answers, []
    blamed = [_name_fault(answer, rows.iloc[[place]], INFINITE) for place in bad[:MOST_BLAMED]]
    others = [InvalidValue(int(row), "", INFINITE) for row in answers.index[bad[MOST_BLAMED:]]]
    return answers.drop(index=answers.index[bad]), [*blamed, *others]


def _finite(answers: pd.DataFrame) -> np.ndarray:
    # A class may be a text.
    numbers = answers.drop(columns="class", errors="ignore").to_numpy(np.float64)
    finite: np.ndarray = np.isfinite(numbers).all(axis=1)
    return finite


def _blame(answer: Answer, row: pd.DataFrame, error: Exception) -> InvalidValue:
    told = (str(error).splitlines() or [""])[0]
    return _name_fault(answer, row, f"the model cannot work with it ({told[:SHOWN] or type(error).__name__})")


def _name_fault(answer: Answer, row: pd.DataFrame, reason: str) -> InvalidValue:
    """Find the column at fault: the one without whose value the model can predict."""
    for name in row.columns:
        try:
            answered = bool(
                _finite(answer(row.assign(**{str(name): pd.Series([None], row.index, dtype=object)}))).all()
            )
        except Exception:  # noqa: BLE001 - any error means that this column alone is not to blame
            answered = False
        if answered:
            return InvalidValue(int(row.index[0]), str(name), reason)
    return InvalidValue(int(row.index[0]), "", reason)
