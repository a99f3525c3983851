"""The file as it comes from the disk, or of no use; and files of new houses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import pandas as pd
import pytest

from casebook.cases.declared import read_declaration
from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.schema import SplitParameters
from casebook.data.splitting import assign_rows
from casebook.datasets.declared import DeclaredArrivals
from casebook.datasets.declared_rows import DeclaredRowsReader
from casebook.synthetic_data.boston import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.declared_fixtures import Ingest
    from tests.pipelines.boston.conftest import Read

    Arrays = dict[str, np.ndarray]

INPUTS = list(COLUMNS)
PUBLISHED = {"strategy": "given", "keys": {"given": "part"}, "validation_share": 0.2574,
             "validation_on": "training", "seed": 2018}  # fmt: skip


def test_houses_are_a_typed_table_with_the_side_of_the_split(read: Read, file: Path) -> None:
    houses = read(file)
    assert houses.columns.tolist() == [*INPUTS, "MEDV", "part"]
    assert houses.shape == (506, 15)
    assert houses["MEDV"].dtype == "float64"
    # The published validation rows are the training rows from the 300th on, in this order.
    assert houses["part"].tolist() == ["train"] * 404 + ["test"] * 102


def test_rows_and_sides_are_those_of_keras(read: Read, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.datasets.boston_housing.get_file", lambda *_, **__: str(file))
    (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
    houses = read(file)
    for side, inputs, prices in (("train", x_train, y_train), ("test", x_test, y_test)):
        rows = houses[houses["part"] == side]
        np.testing.assert_array_equal(rows[INPUTS].to_numpy(), inputs)
        np.testing.assert_array_equal(rows["MEDV"].to_numpy(), prices)


def test_the_published_validation_rows_are_the_training_rows_from_the_300th_on(read: Read, file: Path) -> None:
    parts = assign_rows(read(file), SplitParameters.model_validate(PUBLISHED))
    # 1 training, 3 training and validation, 4 test.
    assert parts.tolist() == [1] * 300 + [3] * 104 + [4] * 102


def test_the_features_are_the_thirteen_columns_as_they_are(ingest: Ingest, file: Path) -> None:
    raw = DeclaredArrivals("boston").load().read(str(file))
    rows, schema = ingest("boston", raw)
    assert list(schema.features) == INPUTS
    pd.testing.assert_frame_equal(schema.engineer_features(rows), rows)
    request = schema.engineer_features(rows.drop(columns=["B", "MEDV", "part"]).iloc[[7]])
    assert request.columns.tolist() == [name for name in INPUTS if name != "B"]
    assert schema.value_features == {}, "a server takes the values of one row as they are"


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
        (lambda arrays: {"x": arrays["x"]}, "target: there is no column in boston_housing.npz 'MEDV'"),
        (
            lambda arrays: {"x_train": arrays["x"]},
            "boston_housing.npz lacks the arrays x, y; it has x_train",
        ),
        (lambda _: {}, "boston_housing.npz lacks the arrays x, y; it has none"),
        (
            replace("x", lambda x: x[:, :12]),
            "npz, array x: has the shape (506, 12); (rows, 13) is needed, a column each for CRIM",
        ),
        (replace("x", lambda x: x.ravel()), "npz, array x: has the shape (6578,); (rows, 13) is needed"),
        (replace("y", lambda y: y[:500]), "npz, array y: has the shape (500,); (506, 1) is needed"),
        (replace("x", lambda x: np.full(x.shape, "many")), "npz, column CRIM: 'many' is not a number (506 of 506"),
        (replace("y", lambda y: y > 20), "npz, column MEDV: 'True' is not a number"),
        (lambda arrays: {"x": arrays["x"][:0], "y": arrays["y"][:0]}, "npz has a header but no rows"),
        (put("TAX", np.nan), ", column TAX: must not be empty (1 rows, first 'nan' in data row "),
        (put("RM", np.inf), ", column RM: 'inf' is not a number (1 of 506 rows, first in data row "),
        (
            put("CRIM", -1, 3, 4),
            ", column CRIM: '-1.0' is not a number of at least 0 (2 of 506 rows, first in data row ",
        ),
        (put("CHAS", 2), ", column CHAS: '2.0' is not a whole number from 0 to 1 (1 of 506 rows, first in data row "),
        (put("LSTAT", 101), ", column LSTAT: '101.0' is not a number from 0 to 100 (1 of 506 rows, first in data row "),
        (put("MEDV", -5), ", column MEDV: '-5.0' is not a number of at least 0.1 (1 of 506 rows, first in data row "),
    ],
)
def test_arrays_that_cannot_be_learnt_from_are_refused(
    read: Read, raw_houses: Arrays, file: Path, spoil: Callable[[Arrays], Arrays], message: str
) -> None:
    np.savez(file, **spoil(raw_houses))
    with pytest.raises(Exception, match="boston_housing") as caught:
        read(file)
    assert type(caught.value).__name__ in {"InvalidTableError", "RawFileError"}
    assert message in str(caught.value)


def test_damaged_files_and_objects_are_refused(read: Read, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:2_000])
    with pytest.raises(Exception, match=r"boston_housing\.npz cannot be read as NPZ .*get it again"):
        read(file)
    np.savez(file, x=np.array([{"rooms": 6}], dtype=object), y=np.ones(1))
    with pytest.raises(Exception, match=r"boston_housing\.npz cannot be read as NPZ"):
        read(file)


@pytest.mark.real
def test_the_real_file_holds_what_is_known_of_it(read: Read, real_raw: Path) -> None:
    houses = read(real_raw / "boston" / "boston_housing.npz")
    assert houses.shape == (506, 15)
    # Keras's first training row and first test row.
    assert houses.loc[0, ["CRIM", "LSTAT", "MEDV"]].tolist() == [1.23247, 18.72, 15.2]
    assert houses.loc[404, ["CRIM", "LSTAT", "MEDV"]].tolist() == [18.0846, 29.05, 7.2]


def houses(file: Path) -> pd.DataFrame:
    return pd.DataFrame(np.load(file)["x"], columns=INPUTS)


def new_houses(file: Path) -> DeclaredRowsReader:
    return DeclaredRowsReader(
        file.parent, load_case("boston").new_rows, "2026-01-01", declaration=read_declaration("boston")
    )


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "without prices": lambda table, path: np.savez(path.with_suffix(".npz"), x=table.to_numpy()),
    "with prices": lambda table, path: np.savez(path.with_suffix(".npz"), x=table.to_numpy(), y=np.ones(len(table))),
    "CSV": lambda table, path: table.to_csv(path.with_suffix(".csv"), index=False),
    "small letters": lambda table, path: table.rename(columns=str.lower).to_csv(path.with_suffix(".csv"), index=False),
    "CSV with prices": lambda table, path: table.assign(MEDV=1).to_csv(path.with_suffix(".csv"), index=False),
    "CSV without a header": lambda table, path: table.to_csv(path.with_suffix(".csv"), index=False, header=False),
    "Parquet": lambda table, path: table.to_parquet(path.with_suffix(".parquet")),
}


@pytest.mark.parametrize("form", WRITERS)
def test_new_houses_are_read_with_or_without_prices_from_any_kind_of_file(file: Path, form: str) -> None:
    table = houses(file).head(20)
    WRITERS[form](table, file.with_name("new"))
    (name,) = [path.name for path in file.parent.glob("new.*")]
    (block,) = new_houses(file).blocks(str(file.with_name(name)))
    pd.testing.assert_frame_equal(block.rows[INPUTS].astype(float), table.astype(float), check_names=False)
    assert block.numbers.tolist() == list(range(20)), "they keep their places"


def test_new_houses_that_do_not_fit_are_refused_by_the_name_of_their_file(file: Path) -> None:
    np.savez(file.with_name("new.npz"), x=np.ones((4, 12)))
    with pytest.raises(Exception, match=r"^new\.npz, array x: has the shape \(4, 12\); \(rows, 13\) is needed"):
        list(new_houses(file).blocks(str(file.with_name("new.npz"))))


def test_a_table_of_houses_can_be_learnt_from_and_is_named_in_errors(read: Read, file: Path) -> None:
    table = houses(file).assign(MEDV=np.linspace(5, 50, 506))
    new = file.with_name("new.csv")
    table.to_csv(new, index=False)
    assert len(read(new)) == 506
    table.assign(CHAS=2).to_csv(new, index=False)
    with pytest.raises(InvalidTableError, match=r"^new\.csv, column CHAS: '2' is not a whole number from 0 to 1"):
        read(new)
