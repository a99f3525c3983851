"""What the rows of a split belong to."""

from __future__ import annotations

import pandas as pd
import pytest

from casebook.config.schema import SplitParameters
from casebook.data.split_keys import find_split_keys

TABLE = pd.DataFrame(
    {
        "person": ["a", "b", "a", "a"],
        "day": pd.to_datetime(["2026-01-01", "2026-01-14", "2026-01-08", "2026-01-07"]),
        "age": [1, 14, 8, 7],
    }
)


def settings(strategy: str, **keys: str) -> SplitParameters:
    return SplitParameters(strategy=strategy, keys=keys, test_days=14)


@pytest.mark.parametrize("strategy", ["row", "none", "given"])
def test_of_a_split_by_row_each_row_is_a_key(strategy: str) -> None:
    assert find_split_keys(TABLE, settings(strategy, given="person")) == ("row", None)


def test_copies_that_stay_on_one_side_are_one_key() -> None:
    word, keys = find_split_keys(pd.concat([TABLE, TABLE.head(1)]), settings("row"), "group")
    assert word == "distinct row"
    assert keys is not None
    assert keys.iloc[0] == keys.iloc[4]
    assert keys.nunique() == 4


def test_of_a_split_by_person_the_person_is_the_key() -> None:
    word, keys = find_split_keys(TABLE, settings("person", person="person"))
    assert word == "person"
    assert keys is not None
    assert keys.tolist() == ["a", "b", "a", "a"]


@pytest.mark.parametrize("column", ["day", "age"])
def test_of_a_split_by_time_the_weeks_are_counted_from_the_last_day(column: str) -> None:
    kept = TABLE.copy()
    word, keys = find_split_keys(TABLE, settings("time", time=column))
    assert word == "week"
    assert keys is not None
    assert keys.tolist() == [2, 1, 1, 2]
    pd.testing.assert_frame_equal(TABLE, kept)
