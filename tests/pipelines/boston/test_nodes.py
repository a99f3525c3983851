from collections.abc import Callable, Mapping

import keras
import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.boston import columns
from casebook.pipelines.boston.columns import HOUSES, INPUTS, RAW_ROW
from casebook.pipelines.boston.nodes import divide_as_keras, ingest_houses
from casebook.pipelines.boston.schemas import HOUSES_SCHEMA

Arrays = Mapping[str, np.ndarray]


def test_houses_are_a_typed_table_with_the_side_of_the_split(raw_houses: Arrays) -> None:
    houses = ingest_houses(raw_houses)
    assert houses.columns.tolist() == [*HOUSES, "part"]
    assert houses.shape == (506, 15)
    assert houses["MEDV"].dtype == "float64"
    assert houses["part"].value_counts().to_dict() == {"train": 404, "test": 102}


def test_rows_and_sides_are_those_of_keras(
    raw_houses: Arrays, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("keras") / "boston_housing.npz"
    np.savez(file, **raw_houses)
    monkeypatch.setattr("keras.src.datasets.boston_housing.get_file", lambda *_, **__: str(file))
    (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
    houses = ingest_houses(raw_houses)
    for side, inputs, prices in (("train", x_train, y_train), ("test", x_test, y_test)):
        rows = houses[houses["part"] == side]
        np.testing.assert_array_equal(rows[list(INPUTS)].to_numpy(), inputs)
        np.testing.assert_array_equal(rows["MEDV"].to_numpy(), prices)


def test_all_training_rows_come_before_all_test_rows(raw_houses: Arrays) -> None:
    # The published validation rows are the training rows from the 300th on, in this order.
    assert ingest_houses(raw_houses)["part"].tolist() == ["train"] * 404 + ["test"] * 102


def test_five_rows_are_divided_into_four_and_one_the_same_way_each_time() -> None:
    table = pd.DataFrame({"CRIM": [0, 1, 2, 3, 4]})
    divided = divide_as_keras(table)
    assert divided["CRIM"].tolist() == divide_as_keras(table)["CRIM"].tolist()
    assert sorted(divided["CRIM"]) == [0, 1, 2, 3, 4]
    assert divided["part"].tolist() == ["train"] * 4 + ["test"]
    assert table.columns.tolist() == ["CRIM"]


def test_a_row_of_the_model_has_the_thirteen_inputs_and_no_side() -> None:
    assert tuple(RAW_ROW) == INPUTS
    assert len(INPUTS) == 13
    assert list(HOUSES_SCHEMA.columns) == list(HOUSES)


def test_what_column_b_is_stands_beside_the_columns() -> None:
    assert "Column B encodes race" in columns.__doc__
    assert "kept only for the record of the published experiment" in columns.__doc__


def replace(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {**arrays, name: make(arrays[name])}


def put(column: str, value: float, *rows: int) -> Callable[[Arrays], Arrays]:
    """Spoil the values of a column in some rows, in row 2 if none is named."""

    def change(array: np.ndarray) -> np.ndarray:
        changed = array.copy()
        changed[list(rows or (1,)), *([] if column == "MEDV" else [INPUTS.index(column)])] = value
        return changed

    return replace("y" if column == "MEDV" else "x", change)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda arrays: {"x": arrays["x"]}, "lacks the array y; it has x: get the file of keras.datasets."),
        (lambda arrays: {"x_train": arrays["x"]}, "lacks the arrays x, y; it has x_train: get the file"),
        (lambda _: {}, "lacks the arrays x, y; it has none: get the file"),
        (
            replace("x", lambda x: x[:, :12]),
            ", array x: has the shape (506, 12); (rows, 13) is needed, a column each for CRIM",
        ),
        (replace("x", lambda x: x.ravel()), ", array x: has the shape (6578,); (rows, 13) is needed"),
        (replace("y", lambda y: y[:500]), ", array y: has the shape (500,); (506,) is needed, a price for each"),
        (replace("y", lambda y: y[:, None]), ", array y: has the shape (506, 1); (506,) is needed"),
        (replace("x", lambda x: x.astype(str)), ", array x: holds <U32 where numbers are needed"),
        (replace("y", lambda y: y > 20), ", array y: holds bool where numbers are needed"),
        (
            lambda arrays: {"x": arrays["x"][:0], "y": arrays["y"][:0]},
            "has a header but no rows; put the complete file there",
        ),
        (put("TAX", np.nan), ", column TAX: must not be empty (1 rows, first 'nan' in data row 2)"),
        (put("RM", np.inf), ", column RM: 'inf' is not a number (1 of 506 rows, first in data row 2)"),
        (
            put("CRIM", -1, 3, 4),
            ", column CRIM: '-1.0' is not a number of at least 0 (2 of 506 rows, first in data row 4)",
        ),
        (put("CHAS", 2), ", column CHAS: '2.0' is not a whole number from 0 to 1 (1 of 506 rows, first in data row 2)"),
        (
            put("LSTAT", 101),
            ", column LSTAT: '101.0' is not a number from 0 to 100 (1 of 506 rows, first in data row 2)",
        ),
        (put("RM", 0), ", column RM: '0.0' is not a number above 0 (1 of 506 rows, first in data row 2)"),
        (put("MEDV", -5), ", column MEDV: '-5.0' is not a number above 0 (1 of 506 rows, first in data row 2)"),
    ],
)
def test_arrays_that_cannot_be_learnt_from_are_refused(
    raw_houses: Arrays, spoil: Callable[[Arrays], Arrays], message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_houses(spoil(raw_houses))
    assert str(caught.value).startswith("boston_housing.npz")
    assert message in str(caught.value)


def test_the_arrays_stay_as_they_were(raw_houses: Arrays) -> None:
    before = {name: array.copy() for name, array in raw_houses.items()}
    ingest_houses(raw_houses)
    for name, array in raw_houses.items():
        np.testing.assert_array_equal(array, before[name])
