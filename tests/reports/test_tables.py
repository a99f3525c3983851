"""The numbers behind a page: counted by hand on few rows, and equal to those of the registry."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from tests.reports.pages import HOSTILE, make_judged, make_rows, make_tables

from casebook.evaluation.metrics import find_metric
from casebook.reports.column_groups import group_rows
from casebook.reports.effects import average_by_value
from casebook.reports.judged import Judged
from casebook.reports.score_intervals import holds_much, interval_metrics, measure_intervals, name_large_key
from casebook.reports.segments import list_worst_rows, score_segments
from casebook.reports.test_rows import fingerprint_rows, number_test_rows, select_columns
from casebook.reports.thresholds import count_by_threshold
from casebook.reports.training_page import score_thresholds
from casebook.stages import reporting


def test_numbers_go_into_bins_of_equal_size_and_missing_ones_apart() -> None:
    labels, codes, ordered = group_rows(pd.Series([1.0, 2.0, 3.0, 4.0, None]), 2)
    assert labels == ["1 to 2", "3 to 4", "missing"]
    assert codes.tolist() == [0, 0, 1, 1, 2]
    assert ordered


def test_dates_go_into_bins_and_few_values_stand_for_themselves() -> None:
    days = pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-05", "2026-01-09"]))
    assert group_rows(days, 2).labels == ["2026-01-01 to 2026-01-02", "2026-01-05 to 2026-01-09"]
    for unit in ("s", "ms", "ns"):
        with_gap = pd.Series([*days, pd.NaT]).astype(f"datetime64[{unit}]")
        assert group_rows(with_gap, 2).labels[1:] == ["2026-01-05 to 2026-01-09", "missing"]
    assert group_rows(pd.Series([3, 1, 3]), 5) == (["1", "3"], pytest.approx(np.array([1, 0, 1])), True)


def test_frequent_categories_have_a_group_each_and_the_others_one_together() -> None:
    labels, codes, ordered = group_rows(pd.Series(["b", "b", "a", "c", None, "b", "a"], dtype="category"), 2)
    assert labels == ["b", "a", "all others (1)", "missing"]
    assert codes.tolist() == [0, 0, 1, 2, 3, 0, 1]
    assert not ordered


def test_flags_are_groups_of_their_own() -> None:
    assert group_rows(pd.Series([True, False, True]), 2).labels == ["True", "False"]


@pytest.mark.parametrize("weighted", [False, True])
def test_what_the_slider_shows_is_what_the_registry_computes(weighted: bool) -> None:
    own = make_judged("binary", make_rows())
    weights = np.random.default_rng(3).random(400) if weighted else None
    own = Judged(own.task, own.target, own.outputs, 0.4567, weights)
    counts = count_by_threshold(own)
    assert [at["threshold"] for at in counts] == sorted({*np.round(np.linspace(0, 1, 201), 3), 0.4567})
    shown = {(row["threshold"], row["name"]): row["value"] for row in score_thresholds(counts)}
    for at in counts:
        chosen = Judged(own.task, own.target, own.outputs, at["threshold"], weights)
        for metric, name in (("accuracy", "accuracy"), ("f1", "F1")):
            expected = chosen.scorers()[metric](weights)
            if np.isnan(expected):
                assert (at["threshold"], name) not in shown
            else:
                assert shown[at["threshold"], name] == pytest.approx(expected, abs=1e-5)


def test_counts_at_a_threshold_by_hand() -> None:
    own = Judged("binary", np.array([0, 0, 1, 1]), np.array([0.2, 0.5, 0.5, 0.9]), 0.5)
    (at,) = (each for each in count_by_threshold(own) if each["threshold"] == 0.5)
    assert at == {"threshold": 0.5, "tp": 2.0, "fn": 0.0, "fp": 1.0, "tn": 1.0}


def test_segments_that_are_worse_than_all_rows_come_worst_first_with_their_means() -> None:
    # Of b half are wrong, of a none; the large value hides no error.
    column = pd.Series(["a"] * 100 + ["b"] * 100)
    target = np.array([1] * 200)
    outputs = np.array([0.9] * 150 + [0.1] * 50)
    own = Judged("binary", target, outputs, 0.5)
    rows = pd.DataFrame({"x": column, "same": 1})
    (found,) = score_segments(own, rows, pd.Series(np.arange(200)))
    assert (found["column"], found["value"], found["rows"], found["share"]) == ("x", "b", 100, 0.5)
    assert (found["score"], found["mean_actual"], found["mean_predicted"]) == (0.5, 1.0, pytest.approx(0.5))
    assert found["low"] == pytest.approx(0.4, abs=0.03)
    assert found["high"] == pytest.approx(0.6, abs=0.03)


def test_segments_of_a_single_key_have_an_interval_of_no_width_by_its_rows() -> None:
    own = Judged("binary", np.ones(80, int), np.array([0.9] * 40 + [0.9] * 20 + [0.1] * 20), 0.5)
    rows = pd.DataFrame({"x": ["a"] * 40 + ["b"] * 40})
    (found,) = score_segments(own, rows, pd.Series(["p"] * 40 + ["q"] * 40))
    assert (found["score"], found["low"], found["high"]) == (0.5, 0.5, 0.5)


def test_the_worst_row_is_the_one_that_was_surest_of_the_wrong_class() -> None:
    own = Judged("binary", np.array([0, 1, 1]), np.array([0.1, 0.01, 0.6]), 0.5)
    rows = pd.DataFrame({"x": [1.5, 1234.5678, None]}, index=[5, 7, 9])
    found = list_worst_rows(own, rows, ["no", "yes"])
    assert found["columns"] == ["test row", "actual", "predicted", "probability of yes", "x"]
    assert found["rows"][0] == ["7", "yes", "no", "0.010", "1,235"]
    assert [row[-1] for row in found["rows"]] == ["1,235", "", "1.5"]


def test_the_effect_of_a_column_is_the_mean_of_prediction_and_target_by_value() -> None:
    own = Judged("regression", np.array([1.0, 3.0, 10.0]), np.array([2.0, 4.0, 8.0]), 0.5)
    (effect,) = average_by_value(own, pd.DataFrame({"x": ["a", "a", "b"]}), [])
    means = {(point["value"], point["kind"]): (point["mean"], point["rows"]) for point in effect["points"]}
    assert means == {("a", "actual"): (2.0, 2), ("a", "predicted"): (3.0, 2), ("b", "actual"): (10.0, 1),
        ("b", "predicted"): (8.0, 1)}  # fmt: skip


def test_a_key_that_holds_much_is_named_and_weeks_alike_are_not() -> None:
    rows = pd.Series(["a"] * 30 + [str(number) for number in range(70)])
    own = make_judged("binary", make_rows(100))
    measured = measure_intervals(own, None, rows, "person")
    assert name_large_key(measured["key"]) == "person a holds 30% of the test rows"
    assert interval_metrics(measured)["data/largest_person_share"] == 0.3
    assert not holds_much({"count": 6, "largest_share": 0.2})
    assert not holds_much({"count": 1, "largest_share": 1.0})


def test_intervals_stand_around_the_scores_and_the_gain_is_signed_by_what_is_better() -> None:
    rows = make_rows()
    own = make_judged("regression", rows)
    worse = Judged(own.task, own.target, own.target + 3 * (own.outputs - own.target), 0.5)
    measured = measure_intervals(own, worse, rows["person"], "person")
    assert measured["key"]["word"] == "person"
    assert measured["key"]["count"] == rows["person"].nunique()
    (mae,) = (each for each in measured["metrics"] if each["name"] == "mae")
    assert mae["score"] == pytest.approx(find_metric("mae").score(own.target, own.outputs))
    assert mae["low"] < mae["score"] < mae["high"]
    assert mae["gain"] == pytest.approx(2 * mae["score"])
    assert mae["gain_low"] > 0
    logged = interval_metrics(measured)
    assert (logged["test/mae_low"], logged["reference/mae_high"]) == (mae["low"], mae["other_high"])


def test_of_few_keys_there_is_no_interval() -> None:
    own = make_judged("binary", make_rows(100))
    measured = measure_intervals(own, None, pd.Series(["a", "b"] * 50), "person")
    assert measured["resamples"] == 0
    assert {each["low"] for each in measured["metrics"]} == {None}
    assert not any(name.startswith("test/") for name in interval_metrics(measured))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_all_tables_of_a_page_go_through_json(task: str) -> None:
    tables, intervals = make_tables(task)
    assert json.loads(json.dumps(tables, allow_nan=False)) == tables
    assert json.loads(json.dumps(intervals, allow_nan=False)) == intervals
    assert [effect["column"] for effect in tables["effects"]] == [HOSTILE, "amount", "day"]
    # A curve's epoch of no finite number is no point.
    assert len(tables["curves"]) == 5


def test_images_and_texts_show_their_worst_rows_as_they_are() -> None:
    from casebook.reports import examples

    own = Judged("binary", np.array([0, 1]), np.array([0.9, 0.8]), 0.5)
    images = np.empty(2, dtype=object)
    images[:] = [np.zeros((2, 3), np.uint8), np.ones((2, 3), np.uint8)]
    rows = pd.DataFrame({"short": ["a", "b"], "image": images, "text": ["x" * 500, "y " * 60]})
    column = examples.find_images(rows)
    assert column is not None
    first, second = examples.list_worst_images(own, column)
    assert first["source"].startswith("data:image/png;base64,")
    assert (first["actual"], first["predicted"], first["probability"], second["place"]) == (0, 1, 0.9, "1")
    texts = examples.find_texts(rows)
    assert texts is not None
    assert examples.list_worst_texts(own, texts)[0]["text"] == "x" * 400 + "…"
    assert examples.find_texts(rows[["short"]]) is None


def test_what_no_table_can_be_made_of_stops_no_run() -> None:
    rows = make_rows(60)
    predictions = pd.DataFrame({"probability": 0.5, "actual": np.arange(60) % 2})
    keys = pd.DataFrame({"row": np.arange(60), "key": rows["person"], "word": "person"})
    importance = pd.DataFrame({"raw_column": ["x"], "metric": "auc", "drop_mean": 0.1, "drop_std": 0.0})
    odd = pd.DataFrame({"x": [[1]] * 60})
    found = reporting.tabulate_report(predictions, odd, keys, pd.DataFrame(), importance, 0.5)
    assert list(found) == ["fault"]
    assert "unhashable" in found["fault"]


def test_test_rows_are_told_by_their_places_and_targets() -> None:
    from casebook.config.schema import SplitParameters

    table = pd.DataFrame({"person": ["a", "b", "a"], "y": [0, 1, 1]})
    parts = pd.DataFrame({"part": np.array([4, 1, 4], np.uint8)})
    settings = SplitParameters(strategy="person", keys={"person": "person"})
    keys = number_test_rows(table, parts, settings, "keep")
    assert keys["row"].tolist() == [0, 2]
    assert keys["key"].tolist() == ["a", "a"]
    assert set(keys["word"]) == {"person"}
    assert fingerprint_rows(keys, np.array([0, 1])) == fingerprint_rows(keys, np.array([0.0, 1.0]))
    assert fingerprint_rows(keys, np.array([0, 1])) != fingerprint_rows(keys, np.array([1, 1]))
    assert fingerprint_rows(keys, np.array([0, 1])) != fingerprint_rows(keys.assign(row=[0, 1]), np.array([0, 1]))


def test_the_strongest_columns_are_selected_without_the_target() -> None:
    rows = pd.DataFrame({"a": [1, 2], "y": [0, 1], "b": [3, 4]}, index=[10, 11])
    parts = pd.DataFrame({"part": np.array([1, 4], np.uint8)})
    importance = pd.DataFrame({"raw_column": ["b", "y", "a"]})
    found = select_columns(rows, parts, importance, "y", lambda: np.zeros(1))
    pd.testing.assert_frame_equal(found, pd.DataFrame({"b": [4], "a": [2]}, index=[0]))


def test_of_images_and_texts_the_rows_of_largest_loss_are_selected() -> None:
    rows = pd.DataFrame({"text": [str(number) for number in range(100)], "y": 0})
    parts = pd.DataFrame({"part": np.full(100, 4, np.uint8)})
    found = select_columns(rows, parts, pd.DataFrame(columns=["raw_column"]), "y", lambda: np.arange(100) % 60.0)
    assert list(found) == ["text"]
    assert found.index.tolist() == [*range(25, 60), *range(85, 100)]
