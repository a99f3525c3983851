"""Targets and weights beside prepared rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from casebook.column_types.column_type import InvalidTableError
from casebook.preprocessing.arrays import Labels, check_weights, encode_weights, split_inputs, weigh_loss

TARGET = np.array([0, 0, 0, 1, 0, 2], dtype=np.uint8)
WEIGHT = np.array([1, 2, 3, 4, 0, 2], dtype=np.float32)


def test_equal_rows_stay_the_arrays_that_they_are() -> None:
    train, validation = {"target": TARGET}, {"target": TARGET[:2]}
    weighed = weigh_loss(train, validation)
    assert weighed[0] is train
    assert weighed[1] is validation
    assert split_inputs({"codes": 1, **train})[2] is None


def test_balanced_classes_weigh_as_those_of_scikit_learn() -> None:
    train, validation = weigh_loss({"target": TARGET}, {"target": np.array([0, 1, 1], np.uint8)}, "balanced")
    np.testing.assert_allclose(train["loss_weight"], compute_sample_weight("balanced", TARGET), rtol=1e-6)
    # Counted in the training rows: 0.5 and 2, of mean 1.5 here.
    np.testing.assert_allclose(validation["loss_weight"], np.array([0.5, 2, 2]) / 1.5, rtol=1e-6)
    assert train["loss_weight"].dtype == np.float32


def test_classes_are_counted_by_the_weights_of_their_rows() -> None:
    train, _ = weigh_loss({"target": TARGET, "weight": WEIGHT}, {"target": TARGET[:0]}, "balanced")
    by_class = [train["loss_weight"][number == TARGET].sum() for number in range(3)]
    np.testing.assert_allclose(by_class, [2, 2, 2], rtol=1e-6)


@pytest.mark.parametrize(("weights", "expected"), [([1.0, 3.0], [1, 1, 1, 3, 1, 1]), ([2.0], [2, 2, 2, 1, 2, 1])])
def test_a_class_beyond_the_list_weighs_one(weights: list[float], expected: list[float]) -> None:
    train, _ = weigh_loss({"target": TARGET}, {"target": TARGET[:0]}, weights)
    np.testing.assert_allclose(train["loss_weight"], np.array(expected) / np.mean(expected), rtol=1e-6)


def test_a_loss_keeps_its_scale() -> None:
    parts = weigh_loss({"target": TARGET, "weight": WEIGHT}, {"target": TARGET[:3], "weight": WEIGHT[:3]}, [1.0, 9.0])
    assert [part["loss_weight"].mean() for part in parts] == [pytest.approx(1), pytest.approx(1)]
    np.testing.assert_allclose(parts[1]["loss_weight"], [0.5, 1, 1.5], rtol=1e-6)
    np.testing.assert_array_equal(parts[0]["weight"], WEIGHT)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1.0, -0.5, -2.0], r"weight: column w must hold .* \(2 rows do not, first -0.5 in row 2\); mend the file"),
        ([1.0, np.inf, 2.0], r"1 rows do not, first inf in row 2"),
        ([1.0, 2.0, np.nan], r"1 rows do not, first nan in row 3"),
        ([0.0, 0.0, 0.0], "column w is 0 in all 3 rows, so that none counts"),
    ],
)
def test_weights_that_are_none_are_refused(values: list[float], told: str) -> None:
    with pytest.raises(InvalidTableError, match=told):
        encode_weights(pd.DataFrame({"w": values}), "w")


def test_a_weight_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidTableError, match="the rows have no column w; there are x"):
        encode_weights(pd.DataFrame({"x": [1]}), "w")


def test_labels_are_put_beside_the_rows() -> None:
    table = pd.DataFrame({"y": [1, 0], "w": [2, 0]})
    attached = Labels("y", "binary", "w").attach({"codes": np.zeros((2, 0))}, table)
    assert list(attached) == ["codes", "target", "weight"]
    assert attached["weight"].tolist() == [2, 0]
    assert list(Labels("y", "binary").attach({}, table)) == ["target"]
    # Rows of one part of a table may all weigh nothing.
    assert Labels("y", "binary", "w").attach({}, table.tail(1), whole=False)["weight"].tolist() == [0]
    assert (Labels("y", "binary", "w").columns, Labels("y", "binary").columns) == (["y", "w"], ["y"])


def test_a_part_of_rows_that_all_weigh_nothing_is_refused() -> None:
    some, none = ({"target": TARGET, "weight": values} for values in (WEIGHT, np.zeros(6, np.float32)))
    check_weights({"train": some, "validation": some, "test": {"target": TARGET}})
    with pytest.raises(InvalidTableError, match="split: all 6 rows for validation have the weight 0"):
        check_weights({"train": some, "validation": none, "test": some})
