"""The nearest change of one value that turns an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.evaluation.nearest_changes import Alternatives, find_nearest_changes, find_roundest

ROW = {"age": 40, "income": 10.0, "size": "M", "job": "a", "open": True, "idle": 3}
ALTERNATIVES = {
    "age": Alternatives(numbers=[18, 30, 40, 50, 90]),
    "income": Alternatives(numbers=[0.5, 8.25, 100.0]),
    "size": Alternatives(categories=["S", "M", "L", "XL"], ordered=True),
    "job": Alternatives(categories=["c", "a", "b"]),
    "open": Alternatives(categories=[True, False]),
    "idle": Alternatives(numbers=[0, 9]),
}


def answer(rows: pd.DataFrame) -> pd.DataFrame:
    """Count a score that `age` and `income` raise evenly, and single categories by leaps."""
    score = (
        rows["age"].astype(float)
        + rows["income"].astype(float)
        + 30.0 * rows["size"].isin(["L", "XL"])
        + 40.0 * (rows["job"] == "b")
        - 50.0 * (rows["open"] == False)  # noqa: E712 - objects of any type
    )
    return pd.DataFrame({"score": score, "class": (score >= 77.3).astype(int)})


def turned(predictions: pd.DataFrame) -> np.ndarray:
    return (predictions["class"] == 1).to_numpy()


def test_of_each_column_the_nearest_value_that_turns_the_class_is_found_and_the_roundest_there() -> None:
    row = dict(ROW)
    table = find_nearest_changes(answer, row, ALTERNATIVES, turned)
    assert row == ROW
    found = dict(zip(table["column"], table["changed"], strict=True))
    # 40 + 10 + 27.3: whole years, tenths of the income; L lies nearer than XL; closed and idle turn nothing.
    assert found == {"age": 68, "size": "L", "income": pytest.approx(37.3, abs=0.7), "job": "b"}
    assert 37.3 <= found["income"] == round(found["income"], 1)
    assert table["column"].tolist() == ["income", "size", "age", "job"]
    assert table["distance"].tolist() == pytest.approx([(found["income"] - 10) / 99.5, 1 / 3, 28 / 72, 1])
    assert table["value"].tolist() == [10.0, "M", 40, "a"]
    assert table["class"].tolist() == [1, 1, 1, 1]


def test_each_change_was_asked_with_all_other_values_as_they_are() -> None:
    table = find_nearest_changes(answer, ROW, ALTERNATIVES, turned)
    for line in table.to_dict("records"):
        again = answer(pd.DataFrame([{**ROW, line["column"]: line["changed"]}]))
        assert (again["score"].iloc[0], again["class"].iloc[0]) == (line["score"], 1)


def test_where_nothing_turns_the_answer_there_are_no_changes() -> None:
    never = find_nearest_changes(answer, ROW, ALTERNATIVES, lambda predictions: np.zeros(len(predictions), dtype=bool))
    assert never.to_dict("records") == []
    assert find_nearest_changes(answer, ROW, {}, turned).to_dict("records") == []


def test_a_number_that_is_not_known_stays() -> None:
    table = find_nearest_changes(answer, {**ROW, "income": None}, {"income": ALTERNATIVES["income"]}, turned)
    assert table.to_dict("records") == []


def test_the_nearer_of_both_sides_is_taken() -> None:
    far = {"age": Alternatives(numbers=[0, 100])}
    table = find_nearest_changes(answer, {**ROW, "age": 45}, far, lambda p: ~p["score"].between(40, 80).to_numpy())
    # 45 + 10: above 80 from 71 on, below 40 from 29 down; 16 is nearer than 26.
    assert table["changed"].tolist() == [29]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_roundest_number_lies_between_and_is_not_the_one_that_turns_nothing(before: float, turns: float) -> None:
    number = find_roundest(before, turns)
    assert min(before, turns) <= number <= max(before, turns)
    assert number != before or turns == before


@pytest.mark.parametrize(
    ("before", "turns", "number"),
    [(126.4, 127.9, 127), (0.31, 0.3449, 0.34), (-3.2, -3.44, -3.4), (980, 1012, 1000), (0.2, -0.3, -0.0), (5, 5.0, 5)],
)
def test_the_roundest_number_has_the_fewest_digits(before: float, turns: float, number: float) -> None:
    assert find_roundest(before, turns) == number
