"""What the app answers, asked without a server between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.serving.asgi import ask

from casebook.serving.app import create_app
from casebook.serving.responses import warm_up

if TYPE_CHECKING:
    from fastapi import FastAPI

    from casebook.model_registry.champion import Champion


@pytest.fixture
def app(champion: Champion) -> FastAPI:
    return create_app(champion, max_bytes=200_000)


def invoke(app: FastAPI, content: object, pieces: int = 1) -> tuple[int, Any]:
    return ask(app, "POST", "/invocations", json.dumps(content).encode(), pieces)


def test_a_row_gets_probability_class_and_the_model_that_said_so(app: FastAPI, row: dict[str, Any]) -> None:
    assert invoke(app, {"instances": [row]}) == (
        200,
        {"predictions": [{"probability": 0.6, "class": 1}], "model": {"name": "redhat", "version": "7"}},
    )


def test_the_threshold_moves_the_class_alone(app: FastAPI, row: dict[str, Any]) -> None:
    _, content = invoke(app, {"inputs": row, "params": {"threshold": 0.7}})
    assert content["predictions"] == [{"probability": 0.6, "class": 0}]


def test_many_rows_are_answered_in_their_order(app: FastAPI, row: dict[str, Any]) -> None:
    ages = [number % 11 for number in range(1500)]
    status, content = invoke(app, {"dataframe_records": [{**row, "age": age} for age in ages]}, pieces=7)
    assert status == 200
    assert [found["probability"] for found in content["predictions"]] == [age / 10 for age in ages]


def test_a_bad_row_is_refused_with_column_and_reason(app: FastAPI, row: dict[str, Any]) -> None:
    assert invoke(app, {"instances": [row, {**row, "open": "yes"}]}) == (
        400,
        {
            "error": "some values do not have the form of their column",
            "rows": [{"row": 1, "column": "open", "reason": "'yes' is not true or false"}],
        },
    )


def test_a_row_that_the_model_fails_on_is_refused_too(app: FastAPI, row: dict[str, Any]) -> None:
    status, content = invoke(app, {"instances": [row, {**row, "age": 5000}]})
    assert status == 400
    assert content["rows"] == [{"row": 1, "column": "age", "reason": "the model cannot work with it (too old)"}]


def test_a_request_above_the_limit_gets_413_whatever_pieces_it_comes_in(app: FastAPI) -> None:
    for pieces in (1, 9):
        status, content = ask(app, "POST", "/invocations", b" " * 200_001, pieces)
        assert status == 413
        assert content["error"] == "the request is larger than 200,000 bytes: send fewer rows at once"
    assert ask(app, "POST", "/invocations", b" " * 200_000)[0] == 400


def test_a_request_without_end_is_broken_off(app: FastAPI) -> None:
    assert ask(app, "POST", "/invocations", b" " * 3_000_000, pieces=30)[0] == 413


@pytest.mark.parametrize("path", ["/health", "/ping"])
def test_health_tells_which_model_answers(app: FastAPI, path: str) -> None:
    assert ask(app, "GET", path) == (
        200,
        {
            "status": "ok",
            "model": {"name": "redhat", "version": "7"},
            "run_id": "run-1",
            "origin": "files",
            "required": ["who", "day", "open", "age"],
        },
    )


def test_the_interface_describes_rows_answers_and_refusals(app: FastAPI) -> None:
    status, page = ask(app, "GET", "/openapi.json")
    described = page["paths"]["/invocations"]["post"]
    forms = described["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert status == 200
    assert [form["required"] for form in forms] == [
        ["dataframe_records"], ["instances"], ["inputs"], ["dataframe_split"],
    ]  # fmt: skip
    row = forms[0]["properties"]["dataframe_records"]["items"]
    assert row["properties"]["open"] == {"type": ["boolean", "null"]}
    assert row["required"] == ["who", "day", "open", "age"]
    assert {"200", "400", "413"} <= described["responses"].keys()
    assert "threshold" in forms[0]["properties"]["params"]["properties"]


def test_a_server_that_fails_by_itself_says_so_without_telling_how(
    app: FastAPI, champion: Champion, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("/secret/path is gone")

    monkeypatch.setattr(champion.model, "predict", fail, raising=False)
    with pytest.raises(OSError, match="secret"):
        invoke(app, {"instances": [row]})


def test_a_model_answers_once_before_the_first_client(champion: Champion, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    predict = champion.model.predict
    monkeypatch.setattr(champion.model, "predict", lambda *a: asked.append(len(a[0])) or predict(*a), raising=False)
    warm_up(champion)
    assert asked == [1]
