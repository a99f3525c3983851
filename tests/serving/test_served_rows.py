"""The sample of answered rows: all of few, an even share of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.serving.form import make_champion

from casebook.serving import served_rows
from casebook.serving.served_rows import ServedRows

if TYPE_CHECKING:
    import pandas as pd

EDGES = {"edges": [2.0, 4.0, 6.0], "shares": [0.25, 0.25, 0.25, 0.25, 0.0]}
PROFILE = {"histograms": {"feature age": EDGES, "probability": {"edges": [0.5], "shares": [0.5, 0.5, 0.0]}}}


class ModelOfAges:
    columns = {"age": "number"}  # noqa: RUF012
    optional: frozenset[str] = frozenset()
    task = "binary"

    def engineer_features(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows


def serve(ages: list[float], batch: int, profile: dict[str, Any]) -> ServedRows:
    served = ServedRows(make_champion("ages", ModelOfAges(), profile))
    for start in range(0, len(ages), batch):
        some = ages[start : start + batch]
        served.note({"age": some}, {"probability": np.full(len(some), 0.9), "class": np.ones(len(some), int)})
    return served


def list_ages(served: ServedRows) -> list[float]:
    return [row["age"] for row, _ in served._rows]


def test_few_rows_are_kept_whole_whatever_batches_they_come_in() -> None:
    ages = [float(number) for number in range(900)]
    for batch in (1, 7, 900):
        served = serve(ages, batch, {})
        assert (served.count, served.sampled, list_ages(served)) == (900, 900, ages)


def test_of_many_rows_an_even_share_is_kept_and_no_more() -> None:
    rows = 20 * served_rows.SAMPLE_ROWS
    for batch in (1000, 1):
        kept = np.array(list_ages(serve(list(map(float, range(rows))), batch, {})))
        assert (len(kept), len(np.unique(kept))) == (served_rows.SAMPLE_ROWS, served_rows.SAMPLE_ROWS)
        shares = np.histogram(kept, bins=10, range=(0, rows))[0] / len(kept)
        # Each tenth holds 200 of 2,000, give or take four times their deviation of 13.
        assert np.abs(shares - 0.1).max() < 0.027


def test_drift_is_measured_anew_when_rows_have_come(monkeypatch: Any) -> None:  # noqa: ANN401
    monkeypatch.setattr("casebook.model_registry.champion.Champion.features", lambda _, rows: rows.astype(float))
    served = serve([1.0, 3.0, 5.0, 7.0] * 50, 40, PROFILE)
    even = served.measure_drift(0.25).set_index("column")
    assert (even.loc["feature age", "index"], even.loc["feature age", "alarm"]) == (0, False)
    assert even.loc["probability", "alarm"]
    served.note({"age": [9.0] * 400}, {"probability": np.full(400, 0.1)})
    moved = served.measure_drift(0.25).set_index("column")
    assert moved.loc["feature age", "alarm"]
    assert (moved.loc["feature age", "rows"], moved.loc["probability", "rows"]) == (600, 600)


def test_without_rows_or_a_profile_there_is_no_drift() -> None:
    assert len(ServedRows(make_champion("ages", ModelOfAges(), PROFILE)).measure_drift(0.25)) == 0
    assert len(serve([1.0], 1, {}).measure_drift(0.25)) == 0


def test_of_images_only_the_answers_are_kept() -> None:
    class ModelOfImages(ModelOfAges):
        columns = {"image": "image"}  # noqa: RUF012

    served = ServedRows(make_champion("digits", ModelOfImages(), PROFILE))
    served.note({"image": [[[1, 2]]]}, {"probability": np.array([0.9])})
    assert served._rows == [({}, {"probability": 0.9})]
    assert served.measure_drift(0.25)["column"].tolist() == ["probability"]
