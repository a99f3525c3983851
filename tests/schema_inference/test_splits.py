"""Which rows an honest test holds out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tests.schema_inference.tables import texts

from casebook.schema_inference.splits import (
    count_copies,
    find_panel,
    find_time,
    split_by_group,
    split_by_row,
    split_by_time,
)
from casebook.schema_inference.types import infer_type

if TYPE_CHECKING:
    from casebook.schema_inference.values import ColumnValues

DAYS = pd.date_range("2024-01-01", periods=100).strftime("%Y-%m-%d").tolist()


def time_of(*columns: ColumnValues) -> str:
    by_name = {column.name: column for column in columns}
    return find_time(by_name, {name: infer_type(column) for name, column in by_name.items()})


def test_a_date_says_when_a_row_happened_unless_it_is_of_birth_or_there_are_few() -> None:
    assert time_of(texts(DAYS, "day")) == "day"
    assert time_of(texts(DAYS, "birth_date")) == ""
    assert time_of(texts(["2024-01-01", "2024-02-01"] * 50, "month")) == ""
    assert time_of(texts([None] * 5 + DAYS[5:], "day")) == ""


def test_of_several_dates_the_one_by_which_the_file_is_sorted_is_taken() -> None:
    assert time_of(texts(DAYS[::-1], "updated"), texts(DAYS, "created")) == "created"


def test_a_date_on_which_something_ends_is_no_time_beside_one_on_which_it_begins() -> None:
    later = pd.date_range("2024-03-01", periods=100).strftime("%Y-%m-%d").tolist()
    begun = texts(DAYS[50:] + DAYS[:50], "start_date")
    assert time_of(begun, texts(later, "end_date")) == "start_date"
    assert time_of(texts(later, "end_date")) == "end_date"


def test_a_series_of_years_is_a_time_but_years_of_different_rows_are_not() -> None:
    years = [str(year) for year in range(1950, 2010)]
    assert time_of(texts(years, "Year")) == "Year"
    assert time_of(texts(years * 2, "Year_Built")) == ""


def test_the_last_fifth_of_the_rows_is_held_out_by_whole_days() -> None:
    column = texts(DAYS, "day")
    found = split_by_time(column, infer_type(column), None)
    assert found is not None
    assert (found.strategy, found.column, dict(found.settings)) == (
        "time", "day", {"test_days": 19, "validation_days": 8},
    )  # fmt: skip


def test_no_split_by_time_leaves_a_part_without_a_class() -> None:
    column = texts(DAYS, "day")
    late = np.array([0] * 90 + [1] * 10)
    assert split_by_time(column, infer_type(column), late) is None
    assert split_by_time(column, infer_type(column), np.array([0, 1] * 50)) is not None


def test_a_group_of_too_few_subjects_makes_no_split() -> None:
    assert split_by_group(texts([f"s{n % 200}" for n in range(400)]), "subjects", None) is not None
    assert split_by_group(texts([f"s{n % 2}" for n in range(400)]), "subjects", None) is None


def test_a_panel_has_each_subject_once_at_each_time() -> None:
    countries = texts([f"c{n // 10}" for n in range(200)], "country")
    years = texts([str(2000 + n % 10) for n in range(200)], "year")
    columns = {"country": countries, "year": years}
    types = {name: infer_type(column) for name, column in columns.items()}
    assert find_panel(columns, types) == ("country", "20 of them, each once at a year")
    kept = np.flatnonzero(np.random.default_rng(1).random(200) < 0.45)
    lacking = {name: column.take(kept) for name, column in columns.items()}
    assert find_panel(lacking, types) == ("country", "20 of them, each once at a year")
    twice = columns | {"year": texts([str(2000 + n % 5) for n in range(200)], "year")}
    assert find_panel(twice, types) == ("", "")


def test_copies_are_kept_on_one_side_unless_most_rows_are() -> None:
    columns = {"a": texts(["x", "x", "y", "z"]), "b": texts(["1", "1", "1", "2"])}
    assert count_copies(columns) == 1
    assert count_copies({}) == 0
    assert split_by_row(1, 4).duplicates == "group"
    assert split_by_row(3, 4).duplicates == "keep"
    assert split_by_row(0, 4).duplicates == "keep"
