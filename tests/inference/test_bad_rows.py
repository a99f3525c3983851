"""A model that fails on one row still answers the others, and the row learns why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.invalid_values import InvalidValue
from casebook.inference.bad_rows import INFINITE, MOST_BLAMED, answer_rows

CALLS: list[int] = []


def model(rows: pd.DataFrame) -> pd.DataFrame:
    """Answer twice the age; a year above 9,999 is too much for it, and a null counts as 0."""
    CALLS.append(len(rows))
    if (rows["year"].fillna(0).astype(float) > 9999).any():
        raise OverflowError("year 10000 is out of range\nand more")
    return pd.DataFrame({"prediction": rows["age"].fillna(0).astype(float) * 2}, rows.index)


def table(ages: list[float], years: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"age": ages, "year": years})


def test_rows_that_can_be_answered_are_answered_in_one_call() -> None:
    CALLS.clear()
    answers, faults = answer_rows(model, table([1, 2], [2000, 2001]))
    assert (answers["prediction"].tolist(), faults, CALLS) == ([2, 4], [], [2])


def test_the_rows_to_blame_are_found_by_halving_with_their_column_and_the_others_answered() -> None:
    CALLS.clear()
    rows = table(list(range(64)), [2000] * 64)
    rows.loc[[5, 40], "year"] = 10_000
    answers, faults = answer_rows(model, rows)
    reason = "the model cannot work with it (year 10000 is out of range)"
    assert faults == [InvalidValue(5, "year", reason), InvalidValue(40, "year", reason)]
    assert answers.index.tolist() == [row for row in range(64) if row not in {5, 40}]
    assert answers["prediction"].tolist() == [2 * row for row in answers.index]
    assert len(CALLS) < 40


def test_a_table_of_nothing_but_bad_rows_has_no_answers() -> None:
    answers, faults = answer_rows(model, table([1, 2], [10_000, 10_000]))
    assert answers.empty
    assert [fault.row for fault in faults] == [0, 1]


def test_the_search_ends_after_as_many_faults_as_asked_for() -> None:
    rows = table([1] * 100, [10_000] * 100)
    assert [fault.row for fault in answer_rows(model, rows, 3)[1]] == [0, 1, 2]


def test_an_answer_that_is_no_number_is_a_fault_of_its_column() -> None:
    answers, faults = answer_rows(model, table([1, np.inf, 3], [2000] * 3))
    assert answers["prediction"].tolist() == [2, 6]
    assert faults == [InvalidValue(1, "age", INFINITE)]


def test_of_many_such_answers_the_columns_of_the_first_are_named() -> None:
    _, faults = answer_rows(model, table([np.inf] * 30, [2000] * 30))
    assert [fault.column for fault in faults] == ["age"] * MOST_BLAMED + [""] * 10


def test_an_error_that_no_row_is_to_blame_for_is_raised() -> None:
    def broken(_rows: pd.DataFrame) -> pd.DataFrame:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        answer_rows(broken, table([1, 2], [2000] * 2))
