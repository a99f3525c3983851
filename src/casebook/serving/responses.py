"""Responses: from the bytes of a request to the bytes of its predictions, or of what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd

from casebook.inference.bad_rows import answer_rows
from casebook.serving.requests import MAX_REPORTED_FAULTS, BadRequestError, RequestSchema, RowsRequest, read_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from casebook.model_registry.champion import Champion

    # Raw values and answers by column.
    Note = Callable[[Mapping[str, Sequence[Any]], Mapping[str, np.ndarray]], None]


def make_request_schema(champion: Champion) -> RequestSchema:
    """Return the columns that a request to a champion may and must have."""
    model = champion.model
    return RequestSchema(dict(model.columns), frozenset(model.optional), takes_threshold=model.task == "binary")


def predict_request(champion: Champion, schema: RequestSchema, body: bytes, note: Note | None = None) -> bytes:
    """Predict all rows of a request.

    Args:
        champion: predicts.
        schema: of the request.
        body: of the request.
        note: called with the raw values and the answers by column, once all rows are answered.

    Returns:
        JSON: `predictions`, an object a row as `RowModel.predict` names its columns, and `model`, name and version.

    Raises:
        BadRequestError: something about the request is wrong, if only with one row.
    """
    request = read_request(body, schema)
    answers = predict_rows(champion, request)
    if note:
        note(request.columns, answers)
    return orjson.dumps({"predictions": list_predictions(answers), "model": describe_model(champion)})


def predict_rows(champion: Champion, request: RowsRequest) -> Mapping[str, np.ndarray]:
    """Predict the rows of a parsed request.

    Returns:
        By column of `RowModel.predict`, values of shape (rows,).

    Raises:
        BadRequestError: a value is invalid, or the model fails on a row.
    """
    # What is not plainly right goes the long way, which finds out what is wrong, and where.
    answers: Mapping[str, np.ndarray] | None = champion.predict_plain(request.columns, request.threshold)
    if answers is None or not all(np.isfinite(values).all() for name, values in answers.items() if name != "class"):
        return predict_table(champion, request)
    return answers


def predict_table(champion: Champion, request: RowsRequest) -> Mapping[str, np.ndarray]:
    """Predict rows as a table, which can be bisected to find the row that fails.

    Returns:
        By column of `RowModel.predict`, values of shape (rows,).

    Raises:
        BadRequestError: a value is invalid, or the model fails on a row.
    """
    table = request.to_table()
    answers, faults = answer_rows(lambda rows: champion.predict(rows, request.threshold), table, MAX_REPORTED_FAULTS)
    if faults:
        shown = faults[:MAX_REPORTED_FAULTS]
        raise BadRequestError("the model cannot answer some rows", shown, reason="model")
    return {str(name): answers[name].to_numpy() for name in answers.columns}


def list_predictions(answers: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return the predictions as plain objects, one for each row."""
    columns = [values.tolist() for values in answers.values()]
    return [dict(zip(answers, values, strict=True)) for values in zip(*columns, strict=True)]


def describe_model(champion: Champion) -> dict[str, str]:
    """Return name and version of the model that predicts."""
    return {"name": champion.case, "version": str(champion.version)}


def describe_error(error: BadRequestError) -> bytes:
    """Return the body of a 400 response: what is wrong, and with which rows and columns."""
    faults = [{"row": fault.row, "column": fault.column, "reason": fault.reason} for fault in error.faults]
    return orjson.dumps({"error": str(error), "rows": faults})


def warm_up(champion: Champion) -> None:
    """Predict one empty row, so that no client waits for what is built at the first prediction."""
    empty = pd.DataFrame({name: pd.Series([None], dtype=object) for name in champion.model.columns})
    answer_rows(champion.predict, empty)
