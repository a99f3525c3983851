"""Every form of a request gives the same rows, and every flaw has its reason."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.serving.conftest import KINDS

from casebook.column_types.invalid_values import InvalidValue
from casebook.serving.requests import BadRequestError, RequestSchema, build_table, read_request

ASKED = RequestSchema(KINDS, frozenset({"note"}))
ROWS = [
    {"who": "a", "day": "2023-08-26", "open": True, "age": 6},
    {"who": "b", "day": None, "open": "false", "age": "7"},
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
FORMS = {
    "dataframe_records": ROWS,
    "instances": ROWS,
    "inputs": COLUMNS,
    "dataframe_split": {"columns": list(COLUMNS), "data": [list(row.values()) for row in ROWS], "index": [4, 5]},
}


def read(content: Any, asked: RequestSchema = ASKED) -> pd.DataFrame:  # noqa: ANN401 - anything that JSON can hold
    return read_request(json.dumps(content).encode(), asked).to_table()


def refusal(content: Any, asked: RequestSchema = ASKED) -> BadRequestError:  # noqa: ANN401 - anything that JSON can hold
    with pytest.raises(BadRequestError) as caught:
        read(content, asked)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_give_the_same_rows(form: str) -> None:
    rows = read({form: FORMS[form]})
    assert rows.astype(object).where(rows.notna(), None).to_dict("records") == ROWS
    assert isinstance(rows["who"].dtype, pd.CategoricalDtype)


def test_inputs_may_be_one_row_and_rows_too() -> None:
    assert read({"inputs": ROWS[0]}).to_dict("records") == [ROWS[0]]
    assert len(read({"inputs": ROWS})) == 2


def test_a_column_that_the_model_does_not_use_may_be_there_or_not() -> None:
    assert "note" in read({"instances": [{**ROWS[0], "note": "x"}]})
    assert "note" not in read({"instances": ROWS})


def test_the_threshold_is_a_parameter() -> None:
    body = json.dumps({"instances": ROWS, "params": {"threshold": 0.6}}).encode()
    assert read_request(body, ASKED).threshold == 0.6
    assert read_request(json.dumps({"instances": ROWS, "params": {}}).encode(), ASKED).threshold is None


@pytest.mark.parametrize("threshold", [-0.1, 1.5, "0.5", True, None, [0.5]])
def test_a_threshold_is_a_number_from_0_to_1(threshold: object) -> None:
    error = refusal({"instances": ROWS, "params": {"threshold": threshold}})
    assert str(error) == "params.threshold must be a number from 0 to 1"


def test_a_model_without_classes_takes_no_threshold() -> None:
    asked = RequestSchema(KINDS, frozenset({"note"}), takes_threshold=False)
    assert "this model has no threshold" in str(refusal({"instances": ROWS, "params": {"threshold": 0.5}}, asked))
    assert "params may hold `threshold`" in str(refusal({"instances": ROWS, "params": {"limit": 0.5}}))


@pytest.mark.parametrize("content", [[], 5, "x", {}, {"rows": []}, {"inputs": {}, "instances": []}, {**FORMS}])
def test_exactly_one_form_is_needed(content: object) -> None:
    assert str(refusal(content)).startswith("give one of dataframe_split, dataframe_records, instances, inputs")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b"null"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="the body is no JSON"):
        read_request(body, ASKED)


def test_every_bad_value_is_told_with_row_column_and_reason() -> None:
    error = refusal({"instances": [ROWS[0], {"who": 1.5, "day": "soon", "open": "yes", "age": True}]})
    assert str(error) == "some values do not have the form of their column"
    assert [(fault.row, fault.column) for fault in error.faults] == [(1, "who"), (1, "day"), (1, "open"), (1, "age")]
    assert error.faults[2].reason == "'yes' is not true or false"


def test_a_number_out_of_its_declared_range_is_told_with_row_and_column() -> None:
    ranged = RequestSchema({**KINDS, "age": "integer in [0, 120]"}, frozenset({"note"}))
    assert len(read({"instances": ROWS}, ranged)) == 2
    assert refusal({"instances": [ROWS[0], {**ROWS[1], "age": 121}]}, ranged).faults == [
        InvalidValue(1, "age", "121 is not a whole number from 0 to 120")
    ]


def test_a_missing_and_an_unknown_column_are_named() -> None:
    short = {name: value for name, value in ROWS[0].items() if name != "age"}
    reason = "the column is missing; send null for a value that is not known"
    assert refusal({"instances": [short]}).faults == [InvalidValue(0, "age", reason)]
    unknown = refusal({"instances": [{**ROWS[0], "outcome": 1}]})
    assert unknown.faults == [InvalidValue(0, "outcome", "there is no such column")]


def test_the_row_that_has_other_columns_than_the_first_is_named() -> None:
    short = {name: value for name, value in ROWS[1].items() if name != "age"}
    error = refusal({"instances": [ROWS[0], short]})
    assert error.faults == [InvalidValue(1, "age", "is in this row or in the first, but not in both")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"instances": []}, "no rows were given"),
        ({"inputs": {}}, "no rows were given"),
        ({"instances": [[1, 2]]}, "the rows are a list of objects"),
        ({"dataframe_split": []}, "dataframe_split is an object"),
        ({"dataframe_split": {"columns": "who", "data": []}}, "dataframe_split.columns is a list of names"),
        ({"dataframe_split": {"columns": ["who", "who"], "data": []}}, "has a name twice"),
        ({"dataframe_split": {"columns": ["who"], "data": 5}}, "dataframe_split.data is a list of rows"),
        ({"dataframe_split": {"columns": ["who"], "data": [[1], [1, 2]]}}, "rows do not fit the columns"),
        ({"dataframe_split": {"columns": ["who"], "data": []}}, "no rows were given"),
        ({"inputs": 5}, "inputs is an object with a list of values"),
        ({"inputs": {"who": ["a"], "age": [1, 2]}}, "inputs needs lists of one length"),
    ],
)
def test_a_form_that_is_not_kept_is_explained(content: object, message: str) -> None:
    assert message in str(refusal(content))


def test_images_stay_whole() -> None:
    framed = build_table({"image": [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]}, {"image": "image"})
    assert framed["image"].tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


def test_nulls_and_whole_numbers_in_a_text_column() -> None:
    framed = build_table({"who": ["a", None, 0, "a"]}, {"who": "text"})
    assert framed["who"].cat.codes.tolist() == [0, -1, 1, 0]
    assert framed["who"].cat.categories.tolist() == ["a", "0"]
    assert np.issubdtype(framed["who"].cat.codes.dtype, np.integer)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ('{"instances": [{"who": "a", "day": null, "open": true, "age": 6, "age": 7}]}', "age"),
        ('{"inputs": {"who": "a", "who" : "b", "day": null, "open": true, "age": 6}}', "who"),
        ('{"instances":[{"who":"a","day":null,"open":true,"age":6}],"params":{"threshold":0.1,"threshold":0.9}}',
         "threshold"),
        ('{"dataframe_split":{"columns":["who"],"columns":["who","day","open","age"],"data":[["a",null,true,6]]}}',
         "columns"),
    ],
)  # fmt: skip
def test_a_key_that_an_object_has_twice_is_refused(body: str, key: str) -> None:
    with pytest.raises(BadRequestError, match=f"^the key {key} stands twice in one object: send it once$"):
        read_request(body.encode(), ASKED)


def test_texts_that_look_like_keys_are_none() -> None:
    rows = [{**ROWS[0], "who": 'a": "b": {"who": 1'}]
    assert read({"instances": rows})["who"].tolist() == [rows[0]["who"]]
