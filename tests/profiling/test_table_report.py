"""The page is read as a browser would: what it shows, and that it asks the network for nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.profiling.tables import make_table

from casebook.profiling import table_report
from casebook.profiling.table_report import render_report

if TYPE_CHECKING:
    from pathlib import Path

# What makes a browser fetch something, unless it is inline (`data:`), a place in the page or a link to click on.
FETCHES = re.compile(
    r"""<(?:script|img|iframe|source|use|image)\b[^>]*?\b(?:src|href)\s*=\s*["'](?!data:|#)|<link\b|@import"""
    r"""|url\(\s*["']?(?!data:|#)|\b(?:fetch|XMLHttpRequest|importScripts)\s*\("""
)


def read_title(page: str) -> str:
    (title,) = re.findall(r"<h[12][^>]*>\s*(.*?)\s*</h[12]>", page, re.DOTALL)[:1]
    return unescape(title)


def test_the_page_is_complete_and_loads_nothing() -> None:
    page = render_report(make_table(), "activities")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert "<script" in page
    assert FETCHES.findall(page) == []
    assert FETCHES.findall('<script src="https://there/x.js">') != []
    assert read_title(page) == "activities: 4 rows, 6 columns"


def test_a_page_is_rendered_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    render_report(make_table(), "activities")
    assert capfd.readouterr() == ("", "")


def test_columns_of_images_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = record_shown(monkeypatch)
    images = pd.Series([np.zeros((28, 28)), np.ones((28, 28))], dtype=object)
    page = render_report(pd.DataFrame({"image": images, "digit": [1, 2]}), "digits")
    assert read_title(page) == "digits: 2 rows, 2 columns; not shown, since they hold arrays: image"
    assert list(shown[0]) == ["digit"]


@pytest.mark.parametrize("dtype", ["str", "category", object])
def test_long_texts_are_cut_and_named(monkeypatch: pytest.MonkeyPatch, dtype: object) -> None:
    shown = record_shown(monkeypatch)
    texts = pd.Series(["good " * 1000, None, "short"], dtype=dtype)
    page = render_report(pd.DataFrame({"review": texts, "positive": [1, 0, 1]}), "reviews")
    assert read_title(page) == "reviews: 3 rows, 2 columns; cut to 80 characters: review"
    assert shown[0]["review"].str.len().tolist()[::2] == [80, 5]
    assert shown[0]["review"].isna().tolist() == [False, True, False]


def test_a_large_table_is_shown_by_a_seeded_sample_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = record_shown(monkeypatch)
    monkeypatch.setattr(table_report, "MAX_REPORT_ROWS", 50)
    table = pd.DataFrame({"number": np.arange(1234)})
    pages = [render_report(table, "days") for _ in range(2)]
    assert read_title(pages[0]) == (
        "days: 1,234 rows, 1 columns; a random sample of 50 rows is shown, days_columns.csv counts all"
    )
    assert len(shown[0]) == 50
    assert shown[0]["number"].is_monotonic_increasing
    pd.testing.assert_frame_equal(shown[0], shown[1])


@pytest.mark.parametrize(
    ("limit", "mark"),
    [("MAX_PLOT_COLUMNS", "data-test-plots-skipped"), ("MAX_ASSOCIATION_COLUMNS", "data-test-associations-skipped")],
)
def test_a_very_wide_table_has_neither_plots_nor_associations(
    monkeypatch: pytest.MonkeyPatch, limit: str, mark: str
) -> None:
    table = make_table()[["number", "flag"]]
    assert mark not in render_report(table, "narrow")
    monkeypatch.setattr(table_report, limit, 1)
    assert mark in render_report(table, "wide")


@pytest.mark.parametrize(
    "table",
    [
        make_table().iloc[:0],
        make_table().iloc[:1],
        make_table()[["empty"]],
        make_table()[[]],
        pd.DataFrame({"infinite": [np.inf, -np.inf, np.nan, 1.0], "number": [0, 1, 2, 3]}),
        pd.DataFrame({"mixed": pd.Series([1, "a", None, 2.5], dtype=object)}),
        pd.DataFrame({"flag": pd.Series([True, None, False], dtype=object)}),
        pd.DataFrame({"flag": pd.array([True, None, False], "boolean"), "whole": pd.array([1, None, 3], "Int64")}),
        pd.DataFrame({"never": pd.Categorical([None, None], categories=["a"]), "same": ["x", "x"]}),
        pd.DataFrame({"many": pd.Categorical([f"group {number}" for number in range(5000)])}),
        pd.DataFrame({"levels": pd.Categorical([3, 1, 2], ordered=True), "small": np.uint8([0, 1, 255])}),
        pd.DataFrame({"day": pd.to_datetime(["1677-10-01", "2262-01-01"]), "when": pd.to_datetime(["2020"] * 2)}),
        pd.DataFrame({"tags": [["a"], ["b", "c"]]}),
    ],
    ids=["no rows", "one row", "all null", "no columns", "infinite", "mixed", "boolean objects", "nullable",
         "no values", "many categories", "levels", "far dates", "lists only"],
)  # fmt: skip
def test_any_table_has_a_page(table: pd.DataFrame) -> None:
    before = table.copy(deep=True)
    assert read_title(render_report(table, "any")).startswith(f"any: {len(table):,} rows, {table.shape[1]} columns")
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.process
def test_nothing_is_made_in_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SKB_DATA_DIRECTORY", raising=False)
    subprocess.run([sys.executable, "-c", "import casebook.profiling.table_report"], check=True)
    assert not (tmp_path / "skrub_data").exists()


def record_shown(monkeypatch: pytest.MonkeyPatch) -> list[pd.DataFrame]:
    """Keep what is handed to the report's renderer, which still renders it."""
    shown: list[pd.DataFrame] = []
    renderer = table_report.TableReport

    def render(table: pd.DataFrame, **settings: object) -> object:
        shown.append(table)
        return renderer(table, **settings)

    monkeypatch.setattr(table_report, "TableReport", render)
    return shown
