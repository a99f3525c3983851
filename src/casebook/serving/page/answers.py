"""Answers of the form: what the model says of a row, what each column adds to it, and which changes turn it."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
from threadpoolctl import ThreadpoolController

from casebook.evaluation.nearest_changes import find_nearest_changes
from casebook.evaluation.shapley import explain_rows, explained_output
from casebook.serving.page.fields import list_alternatives, read_values
from casebook.serving.requests import BadRequestError, RowsRequest, validate_names
from casebook.serving.responses import describe_model, predict_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.model_registry.champion import Champion
    from casebook.serving.requests import RequestSchema

Row = dict[str, Any]
# The limit of threads is the process's: only one at a time may set it and set it back.
ONE_AT_A_TIME = Lock()


@cache
def find_libraries() -> ThreadpoolController:
    """Find the libraries of matrix products: for the few rows of an answer, dealing them to threads costs more."""
    return ThreadpoolController()


def read_row(body: bytes, schema: RequestSchema) -> tuple[Row, dict[str, Any]]:
    """Parse a request of the form: `row`, raw values by column, and further keys.

    Returns:
        The row and the other keys.

    Raises:
        BadRequestError: it is no JSON of that form, or has other columns than the model's.
    """
    try:
        content = orjson.loads(body)
    except ValueError:
        raise BadRequestError("the body is no JSON") from None
    row = content.pop("row", None) if isinstance(content, dict) else None
    if not isinstance(row, dict):
        raise BadRequestError("give `row`, an object with a value for each column")
    validate_names({name: [value] for name, value in row.items()}, schema)
    return row, content


def answer_row(champion: Champion, schema: RequestSchema, body: bytes) -> bytes:
    """Answer a row, and explain the answer.

    Returns:
        JSON: `answer` as `RowModel.predict` names its columns; `explained`, the column whose number is explained, from
        its value for the `typical` row to that for this `row`; `contributions` by column, the largest first; and
        `model`. Nothing is explained of an image or a text, nor without a training profile.

    Raises:
        BadRequestError: a value is invalid, or the model fails on the row.
    """
    row, _ = read_row(body, schema)
    with ONE_AT_A_TIME, find_libraries().limit(limits=1, user_api="blas"):
        answer = _predict(champion, schema, row)
        rows = pd.DataFrame([list(row.values())], columns=list(row), dtype=object)
        explained = explain(champion, rows, answer)
    return orjson.dumps({"answer": answer, "model": describe_model(champion), **explained})


def is_undivided(champion: Champion) -> bool:
    """Return whether a row is one image or one text, which has no columns to tell apart."""
    return set(champion.kinds.values()) <= {"image", "string"}


def explain(champion: Champion, row: pd.DataFrame, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Explain the answer to a single row, a table of objects; see `answer_row`."""
    typical = champion.profile.get("typical", {})
    if not typical or is_undivided(champion):
        return {}
    column = explained_output(pd.DataFrame([answer]))
    table = explain_rows(lambda rows: predict_frame(champion, rows)[column].to_numpy(), row, typical, champion.kinds)
    contributions = [
        {"column": name, "contribution": value}
        for name, value in zip(table["column"], table["contribution"].tolist(), strict=True)
        if value
    ]
    first = table.iloc[0]
    return {
        "explained": column,
        "typical": float(first["typical"]),
        "row": float(first["answer"]),
        "contributions": contributions,
    }


def find_changes(champion: Champion, schema: RequestSchema, body: bytes) -> bytes:
    """Find the nearest changes of single values that turn the answer to a row.

    The request may hold an `amount`, by which a prediction has to move; see `default_amount`.

    Returns:
        JSON: `changes` with `column`, `value`, `changed` and `answer`, the nearest first, null where no values of
        training rows are known; the `amount` of a regression; and the features whose category is `unknown`.

    Raises:
        BadRequestError: see `answer_row`; the amount is no number above 0.
    """
    row, further = read_row(body, schema)
    alternatives = list_alternatives(champion)
    with ONE_AT_A_TIME, find_libraries().limit(limits=1, user_api="blas"):
        answer = _predict(champion, schema, row)
        amount = _read_amount(further.get("amount"), champion, answer)

        def turned(answers: pd.DataFrame) -> np.ndarray:
            if amount is None:
                return np.asarray(answers["class"] != answer["class"])
            return np.asarray((answers["prediction"] - answer["prediction"]).abs() >= amount)

        values = read_values(row, champion.kinds, alternatives)
        table = find_nearest_changes(lambda rows: predict_frame(champion, rows), values, alternatives, turned)
        unknown = find_unknown(champion, pd.DataFrame([list(row.values())], columns=list(row), dtype=object))
    outputs = list(answer)
    changes = [
        {**{name: _whole(_plain(line[name])) for name in ("column", "value", "changed")},
         "answer": {name: _plain(line[name]) for name in outputs}}
        for line in table.to_dict("records")
    ]  # fmt: skip
    return orjson.dumps({"changes": changes if alternatives else None, "amount": amount, "unknown": unknown})


def default_amount(champion: Champion, prediction: float) -> float:
    """Return by how much a prediction has to move where nothing is said: a tenth of its spread in training.

    Without a training profile a tenth of the prediction itself.
    """
    edges = champion.profile.get("histograms", {}).get("prediction", {}).get("edges", [])
    spread = (edges[-1] - edges[0]) if len(edges) > 1 else abs(prediction)
    return float(f"{spread / 10 or 1:.1g}")


def predict_frame(champion: Champion, rows: pd.DataFrame) -> pd.DataFrame:
    """Predict a table of objects, without pandas where the model can: most rows differ from others in few values."""
    found = champion.predict_plain({str(name): rows[name].tolist() for name in rows})
    return champion.predict(rows) if found is None else pd.DataFrame(found, index=rows.index)


def find_unknown(champion: Champion, row: pd.DataFrame) -> list[str]:
    """List the features of a row with a category that no training row held."""
    if is_undivided(champion):
        return []
    return [str(name) for name in champion.unknown_categories(champion.features(row))["column"]]


def _predict(champion: Champion, schema: RequestSchema, row: Row) -> dict[str, Any]:
    request = RowsRequest({name: [value] for name, value in row.items()}, schema.kinds)
    return {name: _plain(values[0]) for name, values in predict_rows(champion, request).items()}


def _read_amount(given: Any, champion: Champion, answer: Mapping[str, Any]) -> float | None:  # noqa: ANN401
    """Read by how much a prediction has to move; none where classes are answered."""
    if "prediction" not in answer:
        return None
    if given is None:
        return default_amount(champion, answer["prediction"])
    if isinstance(given, bool) or not isinstance(given, int | float) or given <= 0:
        raise BadRequestError("amount must be a number above 0", reason="params")
    return float(given)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of a table
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any) -> Any:  # noqa: ANN401
    """Write a whole number without a fraction, as the form does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
