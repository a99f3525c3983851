"""Rows and targets as they come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook import TabularClassifier
from casebook.estimators.inputs import find_numbers, number_classes, read_numbers, read_rows, read_target, write_labels


def test_columns_of_an_array_are_numbered_and_texts_among_them_stay_texts() -> None:
    frame = read_rows(TabularClassifier(), np.array([[1, "a"], [2, None]], dtype=object), reset=True)
    assert frame.columns.tolist() == ["x0", "x1"]
    assert frame["x0"].dtype == np.int64
    assert (frame["x1"][0], frame["x1"].isna().tolist()) == ("a", [False, True])


def test_names_of_a_frame_that_are_numbers_become_texts() -> None:
    estimator = TabularClassifier()
    assert read_rows(estimator, pd.DataFrame([[1, 2]]), reset=True).columns.tolist() == ["0", "1"]
    assert not hasattr(estimator, "feature_names_in_")


def test_other_columns_than_those_of_the_fit_are_refused() -> None:
    estimator = TabularClassifier()
    read_rows(estimator, pd.DataFrame({"a": [1], "b": [2]}), reset=True)
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- c"):
        read_rows(estimator, pd.DataFrame({"a": [1], "c": [2]}), reset=False)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pd.DataFrame({"a": []}), "X has 0 rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "X has the column 'a' 2 times"),
        (np.array([[np.inf]]), "infinity"),
    ],
)
def test_rows_that_nothing_can_be_made_of_are_refused(rows: pd.DataFrame | np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_rows(TabularClassifier(), rows, reset=True)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (["a", None, "b"], "y contains NaN or nothing in 1 of 3 rows"),
        ([1.0, np.inf], "y contains infinity"),
        (None, "TabularClassifier requires y to be passed, but the target y is None"),
    ],
)
def test_a_target_with_holes_is_refused(target: list[object] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_target(TabularClassifier(), target)


def test_numbers_may_be_written_as_texts() -> None:
    assert read_numbers(TabularClassifier(), ["1.5", "2"]).tolist() == [1.5, 2.0]


def test_classes_are_numbered_in_their_order_and_found_again() -> None:
    classes, numbers = number_classes(np.array(["no", "yes", "no"]))
    assert (classes.tolist(), numbers.tolist()) == (["no", "yes"], [0, 1, 0])
    assert find_numbers(np.array(["yes", "yes", "no"]), classes).tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="'maybe' is no class of this estimator"):
        find_numbers(np.array(["maybe"]), classes)
    with pytest.raises(ValueError, match="y has one class"):
        number_classes(np.array(["no", "no"]))


@pytest.mark.parametrize(
    ("classes", "written"),
    [
        ([0, 1], ()),
        ([1, 2], (1, 2)),
        ([1.0, 2.0], (1, 2)),
        ([False, True], ("False", "True")),
        (["a", "b"], ("a", "b")),
    ],
)
def test_labels_of_a_logged_model_are_whole_numbers_or_texts(
    classes: list[object], written: tuple[object, ...]
) -> None:
    assert write_labels(np.array(classes)) == written
