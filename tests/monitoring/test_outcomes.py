"""Outcomes are of the rows that were predicted, and are read as labelled rows are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.data.schema_checks import read_targets
from casebook.data.source_names import name_source
from casebook.monitoring.kept_predictions import KeptPredictions, choose_predictions, gather_predictions
from casebook.monitoring.outcomes import join_outcomes, parse_outcomes
from casebook.stages.monitoring import follow_predictions

if TYPE_CHECKING:
    from collections.abc import Mapping

BINARY = partial(read_targets, classes=2, labels={})
NUMBERS = partial(read_targets, classes=0, labels={})


def kept(
    file: str, keys: str, probabilities: list[float], day: str = "2023-01-02", version: int = 1, digest: str = ""
) -> KeptPredictions:
    table = pd.DataFrame({"row": range(len(keys)), "key": list(keys), "day": day, "probability": probabilities})
    digest = digest or f"digest of {file}"

    def read(some: pd.Index | None) -> pd.DataFrame:
        return table if some is None else table[table["key"].isin(some)]

    return KeptPredictions(f"{file}-{digest}-version-{version}", file, digest, "", version, {"auc": 0.9}, read)


def outcomes(keys: str, values: list[Any], read: Any = BINARY, key: str = "id") -> pd.DataFrame:  # noqa: ANN401
    table = pd.DataFrame({key or "row": list(keys), "y": pd.Series(values, dtype=object)})
    return parse_outcomes(name_source(table, "outcomes.csv"), key, "y", read)


def join(predicted: list[KeptPredictions], arrived: pd.DataFrame) -> Any:  # noqa: ANN401
    return join_outcomes(gather_predictions(predicted, "auc", pd.Index(arrived["key"])), arrived)


def test_outcomes_are_joined_with_their_own_file_whatever_was_predicted_last() -> None:
    both = [kept("a.csv", "abc", [0.9, 0.1, 0.8]), kept("b.csv", "xyz", [0.2, 0.3, 0.4])]
    joined = join(both, outcomes("acbq", ["1", "1", "0", "1"]))
    assert joined.rows[["key", "probability", "actual"]].to_dict("list") == {
        "key": ["a", "b", "c"], "probability": [0.9, 0.1, 0.8], "actual": [1, 0, 1],
    }  # fmt: skip
    assert joined.counts == {
        "outcomes": 4, "empty": 0, "joined": 3, "unmatched": 1, "several_rows": 0, "several_predictions": 0,
    }  # fmt: skip


def test_rows_without_keys_need_the_name_of_their_file() -> None:
    both = [kept("a.csv", "012", [0.9, 0.1, 0.8]), kept("b.csv", "012", [0.2, 0.3, 0.4])]
    with pytest.raises(InvalidTableError, match=r"say with monitor\.file whose outcomes .* one of b\.csv-.*, a\.csv-"):
        choose_predictions(both, "", 0, has_keys=False)
    chosen = choose_predictions(both, "inbox/a.csv", 0, has_keys=False)
    arrived = outcomes("012", ["1", "0", "1"], key="")
    assert join(chosen, arrived).rows["probability"].tolist() == [0.9, 0.1, 0.8]
    assert choose_predictions(both[:1], "", 0, has_keys=False) == both[:1]


def test_the_same_name_with_other_content_is_told_apart_by_its_digest() -> None:
    both = [kept("a.csv", "0", [0.9], digest="1a2b"), kept("a.csv", "0", [0.1], digest="3c4d")]
    with pytest.raises(InvalidTableError, match=r"one of a\.csv-3c4d-version-1, a\.csv-1a2b-version-1"):
        choose_predictions(both, "a.csv", 0, has_keys=False)
    assert choose_predictions(both, "a.csv-1a2b", 0, has_keys=False) == both[:1]


def test_the_newest_prediction_of_a_row_counts_and_a_version_can_be_named() -> None:
    both = [kept("a.csv", "ab", [0.9, 0.1]), kept("a.csv", "ab", [0.6, 0.2], version=2)]
    joined = join(both, outcomes("a", ["1"]))
    assert joined.rows["probability"].tolist() == [0.6]
    assert joined.counts["several_predictions"] == 1
    first = choose_predictions(both, "", 1, has_keys=True)
    assert join(first, outcomes("a", ["1"])).rows["probability"].tolist() == [0.9]
    with pytest.raises(InvalidTableError, match=r"monitor\.version=7 predicted none of these rows; versions 1, 2 did"):
        choose_predictions(both, "", 7, has_keys=True)
    with pytest.raises(InvalidTableError, match=r"monitor\.file=c\.csv: it was not predicted; predicted were a\.csv-"):
        choose_predictions(both, "c.csv", 0, has_keys=True)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("month=1/a.csv", ["month=1/a.csv"]),
        ("inbox/month=1/a.csv", ["month=1/a.csv"]),
        ("a.csv", ["month=1/a.csv", "month=2/a.csv"]),
        ("/inbox/b.csv", ["b.csv"]),
    ],
)
def test_a_part_of_a_folder_is_named_by_its_path_or_the_end_of_it(given: str, found: list[str]) -> None:
    parts = [kept(name, "x", [0.5]) for name in ("month=1/a.csv", "month=2/a.csv", "b.csv")]
    assert [each.file for each in choose_predictions(parts, given, 0, has_keys=True)] == found


def test_a_key_that_names_other_rows_in_another_file_is_refused() -> None:
    both = [kept("a.csv", "ab", [0.9, 0.1]), kept("b.csv", "ab", [0.6, 0.2], day="2023-03-01")]
    with pytest.raises(InvalidTableError, match=r"2 keys .* rows of different days \(first: a\): say with monitor"):
        join(both, outcomes("ab", ["1", "0"]))
    assert join(choose_predictions(both, "a.csv", 0, True), outcomes("ab", ["1", "0"])).counts["joined"] == 2


def test_a_key_of_two_rows_is_counted() -> None:
    joined = join([kept("a.csv", "aab", [0.9, 0.1, 0.2])], outcomes("ab", ["1", "0"]))
    assert (len(joined.rows), joined.counts["joined"], joined.counts["several_rows"]) == (3, 2, 1)


def test_an_outcome_that_is_still_empty_has_not_arrived() -> None:
    joined = join([kept("a.csv", "ab", [0.9, 0.1])], outcomes("ab", ["1", None]))
    assert joined.rows["key"].tolist() == ["a"]
    assert joined.counts["empty"] == 1


@pytest.mark.parametrize(
    ("values", "actual"),
    [
        (["1", "0"], [1, 0]), ([" Yes", "NO"], [1, 0]), (["True", "False"], [1, 0]), (["1.0", "0.0"], [1, 0]),
        ([1.0, 0], [1, 0]), ([True, False], [1, 0]), (["y", "f"], [1, 0]),
    ],
)  # fmt: skip
def test_two_classes_are_read_in_any_plain_spelling(values: list[Any], actual: list[int]) -> None:
    assert outcomes("ab", values)["actual"].tolist() == actual


@pytest.mark.parametrize("value", ["2", "0.7", "-1", "maybe", "inf", "1e3", 0.5])
def test_what_is_no_class_is_refused_with_file_column_and_row(value: object) -> None:
    message = rf"^outcomes\.csv, column y: '{value}' is not 0 or 1 \(no or yes\) .*first in data row 2\)"
    with pytest.raises(InvalidTableError, match=message):
        outcomes("ab", ["1", value])


def test_declared_labels_alone_are_read() -> None:
    coded: Mapping[str, int] = {"1": 0, "2": 1}
    read = partial(read_targets, classes=2, labels=coded)
    assert outcomes("abc", ["2", 1, "2.0"], read)["actual"].tolist() == [1, 0, 1]
    with pytest.raises(InvalidTableError, match="'0' is not one of 1, 2"):
        outcomes("a", ["0"], read)
    words = partial(read_targets, classes=2, labels={"Good": 1, "bad": 0})
    assert outcomes("ab", ["good", "BAD "], words)["actual"].tolist() == [1, 0]


def test_numbers_are_held_to_the_schema_of_labelled_rows() -> None:
    prices = partial(read_targets, classes=0, labels={}, kind=load_case("boston").target_kind)
    table = pd.DataFrame({"Id": ["1", "2", "3"], "MEDV": ["5", None, "-3"]})
    with pytest.raises(InvalidTableError, match=r"column MEDV: '-3' is not a number of at least 0\.1 \(1 of 3 rows"):
        parse_outcomes(table, "Id", "MEDV", prices)
    assert outcomes("ab", ["1e3", None], NUMBERS)["actual"].iloc[0] == 1000
    with pytest.raises(InvalidTableError, match="'many' is not a number"):
        outcomes("ab", ["1", "many"], NUMBERS)


def test_digits_are_classes_up_to_the_last() -> None:
    digits = partial(read_targets, classes=10, labels={})
    assert outcomes("ab", ["9", "3.0"], digits)["actual"].tolist() == [9, 3]
    for wrong in ("10", "0.5", "yes"):
        with pytest.raises(InvalidTableError, match=rf"'{wrong}' is not a class from 0 to 9"):
            outcomes("a", [wrong], digits)


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        (pd.DataFrame({"id": ["a"]}), "id", "outcomes lacks y; it has id"),
        (pd.DataFrame({"id": [], "y": []}), "id", "outcomes holds no outcomes: put the rows' id and y there"),
        (
            pd.DataFrame({"id": ["a"], "y": ["1"]}),
            "",
            "lacks row; it has id, y; row is the number of the row",
        ),
        (pd.DataFrame({"id": ["a", "a"], "y": ["1", "0"]}), "id", "column id: a stands more than once"),
        (pd.DataFrame({"id": ["a", None], "y": ["1", "0"]}), "id", "column id: empty in data row 2"),
    ],
)
def test_outcomes_that_do_not_fit_are_refused(table: pd.DataFrame, key: str, message: str) -> None:
    with pytest.raises(InvalidTableError, match=message):
        parse_outcomes(table, key, "y", BINARY)


def test_outcomes_of_no_predicted_row_are_refused_with_their_counts() -> None:
    with pytest.raises(
        InvalidTableError, match=r"none of the 3 outcomes is of a predicted row \(1 are still empty, 2 "
    ):
        join([kept("a.csv", "ab", [0.9, 0.1])], outcomes("xyz", ["1", "0", None]))


def test_a_model_without_a_test_score_of_the_metric_is_named() -> None:
    with pytest.raises(InvalidTableError, match=r"version 1, which predicted a\.csv, has no test score f1; it has auc"):
        gather_predictions([kept("a.csv", "a", [0.9])], "f1", None)


def test_outcomes_are_numbered_as_the_classes_of_the_model_that_predicted() -> None:
    predicted = replace(kept("a.csv", "abcd", [0.9, 0.1, 0.8, 0.3]), classes=("no", "yes"))
    table = pd.DataFrame({"id": list("abcd"), "y": ["yes", "no", "yes", "no"]})
    reader: Any = SimpleNamespace(key="id", case=SimpleNamespace(target_kind="number"), read=lambda _: table)
    monitor = {"outcomes": "o.csv", "file": "", "version": 0, "metric": "auc", "drop": 0.05, "min_rows_per_week": 1}
    turned = {"yes": 0, "no": 1}
    weekly = follow_predictions([predicted], reader, monitor, "y", turned)[0]
    # The week, and all weeks together.
    assert weekly["auc"].tolist() == [1.0, 1.0]


def test_predictions_of_models_that_number_classes_differently_need_a_version() -> None:
    before = replace(kept("a.csv", "ab", [0.9, 0.1]), classes=("no", "yes"))
    after = replace(kept("a.csv", "ab", [0.1, 0.9], version=2), classes=("yes", "no"))
    told = r"differently, no, yes \(version 1\) and yes, no \(version 2\): say with monitor\.version whose"
    with pytest.raises(InvalidTableError, match=told):
        choose_predictions([before, after], "", 0, has_keys=True)
    assert choose_predictions([before, after], "", 1, has_keys=True) == [before]
