"""The form answers what the model predicts, says why, and which change of a value would turn it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from tests.serving.form import ask_form, check_form, make_champion

from casebook.serving.page.answers import answer_row, find_changes
from casebook.serving.page.fields import describe_fields, list_alternatives
from casebook.serving.requests import BadRequestError
from casebook.serving.responses import make_request_schema

if TYPE_CHECKING:
    import pandas as pd

    from casebook.model_registry.champion import Champion


@pytest.mark.parametrize(("name", "left_out"), [("churn", []), ("plans", ["plan"]), ("months", ["months"])])
def test_the_form_answers_what_the_logged_model_predicts_and_its_changes_turn_it(
    logged: dict[str, Champion], new_customers: pd.DataFrame, name: str, left_out: list[str]
) -> None:
    champion = logged[name]
    # Of the folder that it was loaded from: the store of its test is gone.
    loaded = mlflow.pyfunc.load_model(str(champion.folder.parents[1]))
    rows = new_customers.drop(columns=left_out)[: 12 if name == "churn" else 4]
    found = check_form(champion, rows, loaded.predict)
    assert found >= len(rows)


def test_what_a_column_adds_is_what_sets_the_row_apart_from_a_typical_one(logged: dict[str, Champion]) -> None:
    champion = logged["churn"]
    typical = {name: champion.profile["typical"].get(name) for name in champion.required}
    answer, _ = ask_form(champion, {**typical, "plan": "max"})
    assert {each["column"] for each in answer["contributions"]} <= {"plan"}
    assert ask_form(champion, typical)[0]["contributions"] == []


def test_a_change_is_one_that_training_rows_held(logged: dict[str, Champion], new_customers: pd.DataFrame) -> None:
    champion = logged["churn"]
    months = champion.profile["values"]["months"]["numbers"]
    changes = [
        change for row in new_customers[:12].to_dict("records") for change in ask_form(champion, row)[1]["changes"]
    ]
    assert {change["column"] for change in changes} >= {"months", "plan"}
    of_months = [change["changed"] for change in changes if change["column"] == "months"]
    assert all(isinstance(number, int) and months[0] <= number <= months[-1] for number in of_months)
    assert {change["changed"] for change in changes if change["column"] == "plan"} <= {"basic", "plus", "max"}


def test_the_amount_by_which_a_prediction_moves_is_the_one_that_is_given(
    logged: dict[str, Champion], new_customers: pd.DataFrame
) -> None:
    row = new_customers.drop(columns="months").iloc[0].to_dict()
    edges = logged["months"].profile["histograms"]["prediction"]["edges"]
    assert ask_form(logged["months"], row)[1]["amount"] == float(f"{(edges[-1] - edges[0]) / 10:.1g}")
    answer, further = ask_form(logged["months"], row, amount=0.125)
    assert further["amount"] == 0.125
    for change in further["changes"]:
        assert abs(change["answer"]["prediction"] - answer["answer"]["prediction"]) >= 0.125
    assert ask_form(logged["months"], row, amount=1e9)[1]["changes"] == []


@pytest.mark.parametrize("amount", [0, -1, "3", True])
def test_another_amount_is_refused(logged: dict[str, Champion], new_customers: pd.DataFrame, amount: object) -> None:
    row = new_customers.drop(columns="months").iloc[0].to_dict()
    with pytest.raises(BadRequestError, match="amount must be a number above 0"):
        ask_form(logged["months"], row, amount=amount)


def test_a_category_that_no_training_row_held_is_answered_and_named(
    logged: dict[str, Champion], new_customers: pd.DataFrame
) -> None:
    row = new_customers.iloc[0].to_dict()
    assert ask_form(logged["churn"], row)[1]["unknown"] == []
    assert ask_form(logged["churn"], {**row, "plan": "gold"})[1]["unknown"] == ["plan"]


@pytest.mark.parametrize(
    ("body", "error", "column"),
    [
        (b"{", "the body is no JSON", None),
        (b"[1]", "give `row`, an object with a value for each column", None),
        (b'{"row": {"who": "a"}}', "columns are missing", "day"),
        (b'{"row": {"who": "a", "day": "", "open": 1, "age": 3, "x": 1}}', "there are columns that the model", "x"),
        (b'{"row": {"who": "a", "day": "soon", "open": 1, "age": 3}}', "some values do not have the form", "day"),
        (b'{"row": {"who": "a", "day": null, "open": 1, "age": 2000}}', "the model cannot answer some rows", "age"),
    ],
)
def test_what_requests_of_rows_refuse_the_form_refuses(
    champion: Champion, body: bytes, error: str, column: str | None
) -> None:
    vars(champion)["profile"] = {}
    for ask in (answer_row, find_changes):
        with pytest.raises(BadRequestError, match=error) as told:
            ask(champion, make_request_schema(champion), body)
        assert [fault.column for fault in told.value.faults][:1] == ([column] if column else [])


def test_without_a_training_profile_nothing_is_explained(champion: Champion, row: dict[str, Any]) -> None:
    plain = make_champion("redhat", champion.model)
    answer = json.loads(answer_row(plain, make_request_schema(plain), json.dumps({"row": row}).encode()))
    assert answer == {"answer": {"probability": 0.6, "class": 1}, "model": {"name": "redhat", "version": "1"}}


class ModelOfEveryKind:
    columns = {  # noqa: RUF012 - as a model has them
        "age": "integer in [0, 120]", "rate": "number:,", "day": "date:%b-%Y", "at": "datetime", "open": "boolean",
        "size": 'ordinal:["S", "M"]', "job": "category", "note": "free_text", "image": "image", "id": "text",
    }  # fmt: skip
    optional = frozenset({"id"})
    task = "binary"


def test_each_column_has_an_input_by_its_type_filled_with_the_example() -> None:
    example = {"age": 40, "rate": 0.5, "day": "2024-05-01", "at": "2024-05-01 10:00:00", "open": True, "size": "M",
               "job": None, "note": "a\nb", "image": [[0, 255]]}  # fmt: skip
    profile = {"values": {"age": {"numbers": [18, 30, 99]}, "job": {"categories": ["b", "a"]}}}
    champion = make_champion("kinds", ModelOfEveryKind(), profile, example)
    fields = {field.name: field for field in describe_fields(champion)}
    assert {name: (field.input, field.value) for name, field in fields.items()} == {
        "age": ("number", "40"),
        "rate": ("number", "0.5"),
        "day": ("date", "2024-05-01"),
        "at": ("datetime-local", "2024-05-01T10:00:00"),
        "open": ("flag", "true"),
        "size": ("choice", "M"),
        "job": ("category", ""),
        "note": ("text", "a\nb"),
        "image": ("image", "[[0, 255]]"),
    }
    assert (fields["age"].low, fields["age"].high, fields["age"].step, fields["age"].hint) == (0, 120, "1", "18 to 99")
    assert (fields["rate"].low, fields["rate"].high, fields["rate"].step, fields["rate"].hint) == (
        None,
        None,
        "any",
        "",
    )
    offered = {name: field.values for name, field in fields.items() if field.values}  # noqa: PD011 - of no table
    assert offered == {"size": ("S", "M"), "job": ("b", "a")}
    changeable = list_alternatives(champion)
    assert changeable.keys() == {"age", "open", "size", "job"}
    assert (changeable["size"].ordered, changeable["job"].ordered) == (True, False)
