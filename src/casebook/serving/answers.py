"""From the bytes of a request to the bytes of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.inference.bad_rows import answer_rows
from casebook.serving.requests import MOST_FAULTS, BadRequestError, RequestSchema, RowsRequest, read_request
from casebook.serving.wire import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.model_registry.champion import Champion


def read_request_schema(champion: Champion) -> RequestSchema:
    """Tell which columns a request to a champion may and must have."""
    model = champion.model
    return RequestSchema(dict(model.columns), frozenset(model.optional), takes_threshold=model.task == "binary")


def answer_request(champion: Champion, asked: RequestSchema, body: bytes) -> bytes:
    """Answer all rows of a request.

    Returns:
        JSON: `predictions`, an object a row as `RowModel.predict` names its columns, and `model`, name and version.

    Raises:
        BadRequestError: something about the request is wrong, if only with one row.
    """
    request = read_request(body, asked)
    # What is not plainly right goes the long way, which finds out what is wrong, and where.
    answers: Mapping[str, np.ndarray] | None = champion.predict_plain(request.columns, request.threshold)
    if answers is None or not all(np.isfinite(values).all() for name, values in answers.items() if name != "class"):
        answers = answer_table(champion, request)
    return write_json({"predictions": list_answers(answers), "model": describe_model(champion)})


def answer_table(champion: Champion, request: RowsRequest) -> Mapping[str, np.ndarray]:
    """Answer rows as a table, which can be taken apart to find the row to blame where there is no answer.

    Raises:
        BadRequestError: a value is wrong, or the model cannot answer some row.
    """
    table = request.to_table()
    answers, faults = answer_rows(lambda rows: champion.predict(rows, request.threshold), table, MOST_FAULTS)
    if faults:
        raise BadRequestError("the model cannot answer some rows", faults[:MOST_FAULTS])
    return {str(name): answers[name].to_numpy() for name in answers.columns}


def list_answers(answers: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Give the answers as plain objects, a row each."""
    columns = [values.tolist() for values in answers.values()]
    return [dict(zip(answers, values, strict=True)) for values in zip(*columns, strict=True)]


def describe_model(champion: Champion) -> dict[str, str]:
    """Name the model that answers."""
    return {"name": champion.case, "version": str(champion.version)}


def describe_error(error: BadRequestError) -> bytes:
    """Give the answer to a bad request: what is wrong, and with which rows and columns."""
    faults = [{"row": fault.row, "column": fault.column, "reason": fault.reason} for fault in error.faults]
    return write_json({"error": str(error), "rows": faults})


def warm_up(champion: Champion) -> None:
    """Let a model answer once, so that no client waits for what is made at the first answer."""
    empty = pd.DataFrame({name: pd.Series([None], dtype=object) for name in champion.model.columns})
    answer_rows(champion.predict, empty)
