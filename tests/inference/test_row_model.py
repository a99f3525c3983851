from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.library_fixtures import ingest_redhat

from casebook.column_types.parsing import InvalidTableError
from casebook.evaluation.prediction import predict
from casebook.inference.predictions import check_threshold
from casebook.inference.row_model import RowModel, to_raw_values
from casebook.models.networks import make_predictor
from casebook.preprocessing.tabular import prepare_rows

SCHEMA = ingest_redhat()[1]
RAW_ROW = SCHEMA.columns
FACTS = {
    "case": "redhat", "task": "binary", "threshold": 0.5, "columns": list(RAW_ROW), "row_schema": SCHEMA.to_dict(),
}  # fmt: skip


@pytest.fixture(scope="module")
def model(redhat_model: Any) -> RowModel:  # noqa: ANN401
    package = redhat_model.package
    return RowModel(FACTS, package.preprocessor, make_predictor(package.network))


def probability(model: RowModel, rows: pd.DataFrame) -> np.ndarray:
    outputs = model.predict_outputs(rows)
    assert list(outputs) == ["probability"]
    return outputs["probability"]


@pytest.fixture
def rows(redhat_model: Any) -> pd.DataFrame:  # noqa: ANN401
    return redhat_model.raw_rows.head(40)


def test_raw_rows_are_predicted_as_their_prepared_ones(model: RowModel, redhat_model: Any) -> None:  # noqa: ANN401
    arrays = prepare_rows(SCHEMA.engineer_features(redhat_model.joined_rows), model.preprocessor)
    expected = predict(redhat_model.package.network, arrays)
    assert len(np.unique(expected)) > len(expected) / 2
    np.testing.assert_allclose(probability(model, redhat_model.raw_rows), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(probability(model, redhat_model.joined_rows[list(RAW_ROW)]), expected, rtol=0, atol=1e-6)


def test_a_row_alone_is_predicted_as_among_others(model: RowModel, rows: pd.DataFrame) -> None:
    together = probability(model, rows)
    alone = [probability(model, rows.iloc[[place]])[0] for place in range(5)]
    np.testing.assert_allclose(alone, together[:5], rtol=0, atol=1e-6)


def test_the_class_is_1_from_the_threshold_on(model: RowModel, rows: pd.DataFrame) -> None:
    labelled = rows.set_axis([*"abcde"] * 8)
    predicted = model.predict(labelled)
    assert predicted.columns.tolist() == ["probability", "class"]
    assert predicted.index.tolist() == [*"abcde"] * 8
    assert predicted["class"].dtype == np.int64
    np.testing.assert_array_equal(predicted["class"], predicted["probability"] >= 0.5)
    assert set(predicted["class"]) == {0, 1}
    reached = float(predicted["probability"].iloc[3])
    at_least = model.predict(labelled, threshold=reached)
    np.testing.assert_array_equal(at_least["class"], predicted["probability"] >= reached)
    assert at_least["class"].iloc[3] == 1


def test_ids_may_be_written_rounded(model: RowModel, rows: pd.DataFrame) -> None:
    rounded = rows.assign(people_id="ppl_1e+05", activity_id="act2_4e+05")
    plain = rows.assign(people_id="ppl_100000", activity_id="act2_400000")
    np.testing.assert_array_equal(probability(model, rounded), probability(model, plain))
    assert (probability(model, plain) != probability(model, rows)).any()


def test_a_null_is_what_the_preparation_makes_of_it(model: RowModel, rows: pd.DataFrame) -> None:
    mode = next(column for column in model.preprocessor.columns if column.name == "activity_type").fill
    null, filled = (probability(model, rows.assign(char_10=value)) for value in (None, f"type {mode:.0f}"))
    np.testing.assert_array_equal(null, filled)
    other = probability(model, rows.assign(char_10=f"type {mode + 4000:.0f}"))
    assert (null != other).any()


def test_any_column_may_be_null_in_a_row(model: RowModel, rows: pd.DataFrame) -> None:
    with_nulls = pd.concat([rows.head(1)] * (len(RAW_ROW) + 1), ignore_index=True).astype(object)
    for row, column in enumerate(RAW_ROW):
        with_nulls.loc[row, column] = None
    found = probability(model, with_nulls)
    assert ((found > 0) & (found < 1)).all()
    np.testing.assert_allclose(found[-1], probability(model, rows.head(1))[0], rtol=0, atol=1e-6)


def test_a_category_that_training_did_not_see_is_no_error(model: RowModel, rows: pd.DataFrame) -> None:
    unseen = {"people_id": "ppl_999999999", "activity_id": "act9_1", "people_group_1": "group 987654"}
    texts = [name for name, kind in RAW_ROW.items() if kind in {"category", "id"}]
    unknown = pd.concat([rows.head(1)] * len(texts), ignore_index=True).astype(object)
    for row, column in enumerate(texts):
        unknown.loc[row, column] = unseen.get(column, "type 98765")
    found = probability(model, unknown)
    assert ((found >= 0) & (found <= 1)).all()


def test_an_unknown_group_is_the_embeddings_unknown_one(model: RowModel, rows: pd.DataFrame) -> None:
    first, second = (probability(model, rows.assign(people_group_1=f"group {n}")) for n in (987654, 987655))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="people_char_38"), "a row of redhat lacks the column people_char_38"),
        (lambda rows: rows.assign(outcome=1), "a row of redhat has columns that nothing is known of: outcome"),
        (lambda rows: rows.assign(date="yesterday"), "a row of redhat, column date: 'yesterday' is not a date"),
        (
            lambda rows: rows.assign(people_char_10=3),
            "a row of redhat, column people_char_10: '3' is not yes or no, true or false",
        ),
        (lambda rows: rows.head(0), "^no rows were given$"),
        (lambda rows: rows.head(0)[[]], "^no rows were given$"),
    ],
)
def test_rows_of_another_form_are_refused(model: RowModel, rows: pd.DataFrame, change: Any, message: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidTableError, match=message):
        model.predict(change(rows))


def test_a_prediction_leaves_its_rows_as_they_were(model: RowModel, rows: pd.DataFrame) -> None:
    before = rows.copy()
    model.predict(rows)
    pd.testing.assert_frame_equal(rows, before)


def test_typed_rows_are_written_as_they_stand_in_the_raw_files() -> None:
    typed = pd.DataFrame(
        {
            "day": pd.Series(["2023-08-26", None], dtype="datetime64[s]"),
            "kind": pd.Categorical(["type 1", None]),
            "id": pd.Series(["a", "b"], dtype="str"),
            "flag": [True, False],
            "unsure": pd.Series([True, None], dtype=object),
            "number": [1.5, np.nan],
            "whole": [3, 4],
        }
    ).set_axis([5, 9])
    before = typed.copy()
    raw = to_raw_values(typed)
    assert raw.index.tolist() == [5, 9]
    pd.testing.assert_series_equal(raw["number"], typed["number"])
    texts = raw.drop(columns="number").to_dict("list")
    assert texts == {
        "day": ["2023-08-26", None],
        "kind": ["type 1", None],
        "id": ["a", "b"],
        "flag": [True, False],
        "unsure": [True, None],
        "whole": [3, 4],
    }
    pd.testing.assert_frame_equal(typed, before)


@pytest.mark.parametrize("threshold", [float("nan"), 7, -0.1, "0.5", True, [0.5]])
def test_a_threshold_that_is_no_share_is_refused_whichever_way_rows_come(
    model: RowModel,
    redhat_model: Any,  # noqa: ANN401
    threshold: Any,  # noqa: ANN401
) -> None:
    rows = redhat_model.raw_rows.head(2)
    with pytest.raises(ValueError, match=r"threshold must be a number from 0 to 1, not "):
        model.predict(rows, threshold)


def test_a_model_that_does_not_choose_between_two_classes_takes_no_threshold() -> None:
    assert check_threshold("multiclass", None) is None
    for task in ("multiclass", "regression"):
        with pytest.raises(ValueError, match="threshold: this model has none"):
            check_threshold(task, 0.5)
