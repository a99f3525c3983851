"""What the page's form asks and gets, of any case's model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.model_registry.champion import Champion
from casebook.serving.page.answers import answer_row, find_changes
from casebook.serving.responses import make_request_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Predict = Callable[[pd.DataFrame], pd.DataFrame]


def make_champion(
    case: str, model: object, profile: Mapping[str, Any] | None = None, example: Mapping[str, Any] | None = None
) -> Champion:
    """Make a champion of a model that lies in no store."""
    champion = Champion(case, "1", "run", {}, model, Path())
    # What it would read from its run.
    vars(champion).update(profile=profile or {}, example=example or {}, scores={"test": {}, "baseline": {}})
    return champion


def ask_form(champion: Champion, row: Mapping[str, Any], **more: object) -> tuple[Any, Any]:
    """Ask as the page does -> its answer, and the nearest changes."""
    schema, body = make_request_schema(champion), json.dumps({"row": row, **more}).encode()
    return json.loads(answer_row(champion, schema, body)), json.loads(find_changes(champion, schema, body))


def check_form(champion: Champion, rows: pd.DataFrame, predict: Predict | None = None) -> int:
    """Check that the form answers rows as the model predicts them -> how many changes were found, all of which turn.

    Args:
        champion: answers.
        rows: raw rows as JSON holds them.
        predict: gives the predictions of raw rows; the champion's own model's where nothing is given.
    """
    predict = predict or champion.model.predict
    expected = predict(rows).reset_index(drop=True)
    found = 0
    for place, row in enumerate(rows.to_dict("records")):
        answer, changes = ask_form(champion, row)
        check_answer(answer["answer"], expected.iloc[place])
        if answer.get("contributions"):
            summed = sum(each["contribution"] for each in answer["contributions"])
            assert summed == pytest.approx(answer["row"] - answer["typical"], abs=1e-5 * (1 + abs(answer["row"])))
            assert answer["row"] == pytest.approx(answer["answer"][answer["explained"]], rel=1e-5)
        for change in changes["changes"] or []:
            changed = predict(pd.DataFrame([{**row, change["column"]: change["changed"]}], dtype=object))
            check_answer(change["answer"], changed.iloc[0])
            check_turned(answer["answer"], changed.iloc[0], changes["amount"])
            found += 1
    return found


def check_answer(answer: Mapping[str, Any], expected: pd.Series) -> None:
    assert list(answer) == expected.index.tolist()
    for name, value in answer.items():
        assert value == (expected[name] if name == "class" else pytest.approx(expected[name], rel=1e-5, abs=1e-6))


def check_turned(answer: Mapping[str, Any], changed: pd.Series, amount: float | None) -> None:
    if amount is None:
        assert changed["class"] != answer["class"]
    else:
        assert abs(changed["prediction"] - answer["prediction"]) >= amount * (1 - 1e-5)


def to_records(rows: pd.DataFrame) -> pd.DataFrame:
    """Write raw rows as JSON holds them: None for null, lists for images."""

    def plain(value: object) -> object:
        if isinstance(value, np.ndarray | np.generic):
            return value.tolist()
        return value if isinstance(value, list) or pd.notna(value) else None

    # pandas would make NaN of None.
    columns = {name: pd.Series([plain(value) for value in rows[name].tolist()], rows.index, object) for name in rows}
    return pd.DataFrame(columns)
