"""What each column adds to a single answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.evaluation.shapley import COLUMNS, explain_rows, typical_values

KINDS = {"age": "number", "income": "number", "job": "text", "idle": "text"}
TYPICAL = {"age": 40, "income": 10.0, "job": "a", "idle": "x"}


def answer(rows: pd.DataFrame) -> np.ndarray:
    """2 age + income x (job is b): age by itself, income and job together."""
    return (
        2 * rows["age"].astype(float).to_numpy()
        + rows["income"].astype(float).to_numpy() * (rows["job"] == "b").to_numpy()
    )


def test_contributions_add_up_and_are_shared_between_columns_that_act_together() -> None:
    row = pd.DataFrame({"age": [50], "income": [30.0], "job": ["b"], "idle": ["y"]}, index=[7])
    table = explain_rows(answer, row, TYPICAL, KINDS)
    found = dict(zip(table["column"], table["contribution"], strict=True))
    assert list(table.columns) == COLUMNS
    assert found["age"] == pytest.approx(20)
    # Job alone adds 10, income alone nothing; together 30, so the 20 more are shared.
    assert (found["job"], found["income"]) == (pytest.approx(20), pytest.approx(10))
    assert found["idle"] == 0
    assert sum(found.values()) == pytest.approx(table["answer"].iloc[0] - table["typical"].iloc[0])
    assert (table["row"].unique().tolist(), table["typical"].iloc[0], table["answer"].iloc[0]) == ([7], 80, 130)
    assert table["column"].iloc[-1] == "idle"


def test_a_typical_row_has_nothing_to_explain() -> None:
    table = explain_rows(answer, pd.DataFrame([TYPICAL]), TYPICAL, KINDS)
    assert table["contribution"].tolist() == [0, 0, 0, 0]


def test_no_rows_have_no_explanations() -> None:
    assert list(explain_rows(answer, pd.DataFrame([TYPICAL]).head(0), TYPICAL, KINDS).columns) == COLUMNS


def test_typical_is_the_median_of_numbers_and_days_and_the_most_frequent_of_others() -> None:
    rows = pd.DataFrame(
        {
            "age": [1, 5, 9],
            "income": [2.5, np.nan, 1.5],
            "day": pd.to_datetime(["2023-01-01", "2023-01-03", "2023-01-02"]),
            "job": pd.Categorical(["b", "b", "a"]),
            "open": [True, False, True],
            "id": pd.Series(["u", "v", "w"], dtype="str"),
            "image": [np.zeros((2, 2))] * 3,
        }
    )
    assert typical_values(rows) == {"age": 5, "income": 2.5, "day": "2023-01-02", "job": "b", "open": True}
