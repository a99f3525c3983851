"""Rows of a file are predicted or rejected with a reason, none gets lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.batch_scoring.raw_block import RawBlock
from casebook.batch_scoring.scorer import ScoredBlock, ScoredRows, index_lookup_table, score_block
from casebook.cases.registry import NewRows
from casebook.column_types.parsing import InvalidTableError
from casebook.monitoring.drift import describe_columns
from casebook.monitoring.unknown_categories import UNKNOWN

FORM = NewRows(
    "new.csv", {"id": "key", "y": "probability"}, key="id", day="date",
    lookup_table="people.csv", join_key="person", prefix="people_",
)  # fmt: skip
ALONE = NewRows("new.csv", {"row": "key", "y": "probability"})
OWNERS = pd.DataFrame({"person": ["p1", "p2"], "size": pd.Categorical(["3", "4"])})
HISTOGRAM = describe_columns(pd.DataFrame({"feature doubled": np.arange(10.0)}))


class Model:
    """Answers age times the size of the person, divided by 100; fails on ages above 1,000."""

    kinds: dict[str, Any] = {"date": "date", "age": "number", "people_size": "number"}  # noqa: RUF012
    required = ("date", "age", "people_size")
    profile: dict[str, Any] = {"histograms": HISTOGRAM}  # noqa: RUF012
    version = "3"
    looks_back = False
    test_scores: dict[str, float] = {}  # noqa: RUF012

    def features(self, rows: pd.DataFrame) -> pd.DataFrame:
        numbers = {name: pd.to_numeric(rows[name].astype(object)).astype(float) for name in ("age", "people_size")}
        if (numbers["age"] > 1000).any():
            raise OverflowError("too old")
        return pd.DataFrame({"doubled": 2 * numbers["age"].fillna(0), **numbers})

    def unknown_categories(self, features: pd.DataFrame) -> pd.DataFrame:
        lines = [("age", 1, 1 / len(features), "3")] if 6 in set(features.get("doubled", [])) else []
        return pd.DataFrame(lines, columns=UNKNOWN)

    def answer_features(self, features: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"probability": (features["age"].fillna(0) * features["people_size"] / 100).to_numpy()})


def block(first: int = 0, **changed: list[Any]) -> RawBlock:
    columns = {
        "id": ["a", "b", "c"],
        "person": ["p1", "p2", "p1"],
        "date": ["2023-08-26", "2023-08-27T10:00:00", None],
        "age": ["1", "2", None],
        "extra": ["x", "y", "z"],
        **changed,
    }
    rows = pd.DataFrame({name: pd.Categorical(values) for name, values in columns.items()})
    return RawBlock(rows, np.arange(first, first + len(rows)))


def score(given: RawBlock) -> ScoredBlock:
    return score_block(given, index_lookup_table(OWNERS, FORM, Model().kinds), Model(), FORM, "2026-01-01")


def test_rows_are_joined_with_their_owner_and_predicted_under_their_key_and_day() -> None:
    scored = score(block(first=100))
    assert scored.predictions["row"].tolist() == [100, 101, 102]
    assert scored.predictions["key"].tolist() == ["a", "b", "c"]
    assert scored.predictions["day"].astype(object).tolist()[:2] == ["2023-08-26", "2023-08-27"]
    assert scored.predictions["probability"].tolist() == [0.03, 0.08, 0]
    assert scored.rejected.empty
    assert scored.counts["feature doubled"].sum() == 3


@pytest.mark.parametrize(
    ("kind", "written", "days"),
    [
        ("date", ["2023-8-6", "2023-08-27T10:00:00+02:00", " "], ["2023-08-06", "2023-08-27", None]),
        ("date:%d.%m.%Y", ["26.08.2023", "2023-08-27", "soon"], ["2023-08-26", "2023-08-27", "soon"]),
        ("datetime", ["2023-08-26 23:59:59", "2023-08-27", "NA"], ["2023-08-26", "2023-08-27", None]),
        ("datetime:%m/%d/%Y %H:%M", ["08/26/2023 14:30", "12/31/2023 00:00", "1"], ["2023-08-26", "2023-12-31", "1"]),
        ("", ["2023", "7", "x"], ["2023", "7", "x"]),
    ],
)
def test_a_row_is_of_the_day_that_its_column_says_however_it_is_written(
    kind: str, written: list[str], days: list[str | None]
) -> None:
    form = replace(FORM, day="seen", day_kind=kind)
    scored = score_block(block(seen=written), index_lookup_table(OWNERS, form, Model().kinds), Model(), form, "today")
    found = scored.predictions["day"].astype(object)
    assert found.where(found.notna(), None).tolist() == days


def test_times_of_a_parquet_file_are_of_their_day() -> None:
    given = block()
    given.rows["date"] = pd.to_datetime(["2023-08-26 23:00", None, "2023-08-28 00:00"])
    assert score(given).predictions["day"].astype(object).tolist()[::2] == ["2023-08-26", "2023-08-28"]


@pytest.mark.parametrize(
    ("changed", "row", "column", "reason"),
    [
        ({"person": ["p1", "p9", "p1"]}, 101, "person", "'p9' is not in people.csv"),
        ({"person": ["p1", None, "p1"]}, 101, "person", "nan is not in people.csv"),
        ({"age": ["1", "2", "old"]}, 102, "age", "'old' is not a number"),
        ({"date": ["soon", "2023-01-01", None]}, 100, "date", "'soon' is not a date like 2023-08-26"),
        ({"age": ["1", "5000", "2"]}, 101, "age", "the model cannot work with it (too old)"),
    ],
)
def test_a_row_that_cannot_be_scored_is_rejected_and_the_others_are_predicted(
    changed: dict[str, list[Any]], row: int, column: str, reason: str
) -> None:
    scored = score(block(first=100, **changed))
    found = scored.rejected.to_dict("records")
    assert [(each["row"], each["column"], str(each["reason"]).replace("'nan'", "nan")) for each in found] == [
        (row, column, reason)
    ]
    assert found[0]["key"] == "abc"[row - 100]
    assert scored.predictions["row"].tolist() == [number for number in (100, 101, 102) if number != row]
    assert len(scored.predictions) + len(scored.rejected) == 3


def test_a_row_whose_number_is_out_of_its_declared_range_is_rejected_before_the_model_sees_it() -> None:
    class Ranged(Model):
        kinds = {**Model.kinds, "age": "integer in [0, 120]"}  # noqa: RUF012

    lookup = index_lookup_table(OWNERS, FORM, Ranged().kinds)
    scored = score_block(block(age=["1", "130", "-1"]), lookup, Ranged(), FORM, "2026-01-01")
    assert scored.predictions["row"].tolist() == [0]
    assert scored.rejected[["row", "column", "reason"]].to_numpy().tolist() == [
        [1, "age", "'130' is not a whole number from 0 to 120"],
        [2, "age", "'-1' is not a whole number from 0 to 120"],
    ]


def test_all_reasons_of_a_row_stand_in_one_line() -> None:
    scored = score(block(person=["p1", "p9", "p1"], age=["1", "old", "2"]))
    (found,) = scored.rejected.to_dict("records")
    assert (found["column"], found["reason"]) == ("person", "'p9' is not in people.csv; age: 'old' is not a number")


def test_a_block_of_nothing_but_bad_rows_has_no_predictions() -> None:
    scored = score(block(age=["x", "y", "z"]))
    assert (len(scored.predictions), len(scored.rejected)) == (0, 3)
    assert scored.counts == {}


def test_a_line_that_is_no_row_is_rejected_by_its_own_number_and_the_others_keep_theirs() -> None:
    given = block(age=["1", "old", "2"])
    scored = score(RawBlock(given.rows, np.array([100, 102, 103]), [(101, "3 values instead of 5: a,b,c")]))
    assert scored.rejected.to_dict("records") == [
        {"row": 101, "key": "", "column": "", "reason": "3 values instead of 5: a,b,c"},
        {"row": 102, "key": "b", "column": "age", "reason": "'old' is not a number"},
    ]
    assert scored.predictions["row"].tolist() == [100, 103]
    rows = block().rows.assign(people_size="2").head(2)
    alone = score_block(RawBlock(rows, np.array([7, 9])), None, Model(), ALONE, "2026-01-01")
    assert alone.predictions["key"].tolist() == ["7", "9"]


def test_a_row_whose_key_is_empty_is_rejected() -> None:
    scored = score(block(id=["a", None, "c"]))
    assert scored.rejected[["row", "column", "reason"]].to_numpy().tolist() == [
        [1, "id", "is empty, so that nothing names the row"]
    ]


def test_keys_that_became_floats_beside_a_null_are_written_as_whole_numbers() -> None:
    rows = block().rows.assign(id=[7.0, 8.0, None])
    scored = score(RawBlock(rows, np.arange(3)))
    assert scored.predictions["key"].tolist() == ["7", "8"]


def test_rows_of_a_category_that_the_model_does_not_know_are_counted_by_column() -> None:
    assert score(block(age=["1", "3", None])).unknown.to_dict("list") == {
        "column": ["age"], "rows": [1], "share": [1 / 3], "values": ["3"],
    }  # fmt: skip
    assert score(block()).unknown.empty


def test_rows_without_key_and_day_have_their_number_and_the_day_of_the_scoring() -> None:
    given = block(first=5)
    rows = given.rows.assign(people_size="2")
    scored = score_block(RawBlock(rows, np.arange(5, 8)), None, Model(), ALONE, "2026-01-01")
    assert scored.predictions["key"].tolist() == ["5", "6", "7"]
    assert scored.predictions["day"].astype(object).tolist() == ["2026-01-01"] * 3


def test_a_file_without_a_column_that_the_model_needs_is_refused() -> None:
    rows = block().rows.drop(columns="age")
    with pytest.raises(InvalidTableError, match=r"new\.csv lacks age, which the model needs; it has id, person, date"):
        score(RawBlock(rows, np.arange(3)))


@pytest.mark.parametrize(("column", "words"), [("id", "id, which names its rows"), ("person", "person")])
def test_a_file_without_key_or_owner_is_refused(column: str, words: str) -> None:
    with pytest.raises(InvalidTableError, match=rf"new\.csv lacks the column {words}"):
        score(RawBlock(block().rows.drop(columns=column), np.arange(3)))


def test_rows_that_come_joined_are_not_joined_again() -> None:
    joined = block(people_size=["30", "40", "30"], person=["p1", "p2", "p9"])
    assert score(joined).predictions["probability"].tolist() == [0.3, 0.8, 0]
    owners = OWNERS.assign(born=["1990", "1991"])
    told = r"new\.csv has people_size of people\.csv, but lacks people_born; give rows with all of its columns, or"
    with pytest.raises(InvalidTableError, match=told):
        score_block(joined, index_lookup_table(owners, FORM, Model().kinds), Model(), FORM, "2026-01-01")


def test_owners_that_stand_twice_or_lack_their_key_are_refused() -> None:
    with pytest.raises(InvalidTableError, match=r"people\.csv: person p1 occurs 2 times"):
        index_lookup_table(pd.concat([OWNERS, OWNERS]), FORM, {})
    with pytest.raises(InvalidTableError, match=r"people\.csv lacks the column person"):
        index_lookup_table(OWNERS.drop(columns="person"), FORM, {})


def test_the_owner_of_a_number_is_found_in_other_spellings_too() -> None:
    owners = OWNERS.assign(person=["1", "2"])
    stores = index_lookup_table(owners, FORM, {"person": "number"})
    given = block(person=["1.0", " 2", "3.0"])
    scored = score_block(given, stores, Model(), FORM, "2026-01-01")
    assert scored.predictions["row"].tolist() == [0, 1]
    assert scored.rejected["reason"].tolist() == ["'3.0' is not in people.csv"]


def test_blocks_are_scored_one_after_another_and_inputs_stay_as_they_are() -> None:
    blocks = [block(), block(first=3)]
    kept = [each.rows.copy() for each in blocks]
    scored = list(
        ScoredRows(blocks, lambda: index_lookup_table(OWNERS, FORM, Model.kinds), Model(), FORM, "2026-01-01")
    )
    assert [each.predictions["row"].tolist() for each in scored] == [[0, 1, 2], [3, 4, 5]]
    for each, before in zip(blocks, kept, strict=True):
        pd.testing.assert_frame_equal(each.rows, before)
