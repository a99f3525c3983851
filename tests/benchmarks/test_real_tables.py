"""The real tables of the benchmarks: where they are looked for, how they are fetched, which are chosen."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from fetch_tables import list_items, main, write_table
from real_tables import TABLES, find_raw
from try_defaults import choose_tables

if TYPE_CHECKING:
    from pathlib import Path


def test_each_table_and_each_joined_one_has_a_data_set_of_its_own() -> None:
    items = dict(list_items())
    assert len(items) == 17
    assert items["modeldata/wa_churn"] == "telco_churn/telco_churn.csv"
    assert items["nycflights13/flights"] == "flights/flights.csv.gz"
    assert items["nycflights13/weather"] == "flights/weather.csv"


@pytest.mark.parametrize(("name", "read"), [("a.csv", open), ("a.csv.gz", gzip.open)])
def test_a_data_set_is_written_without_its_row_names(name: str, read: type, tmp_path: Path) -> None:
    pickled = tmp_path / "a.pkl.compress"
    table = pd.DataFrame({"rownames": [1, 2], "tip": ["yes", None], "distance": [1.5, 2.0]})
    table.to_pickle(pickled, compression="xz")
    write_table(pickled, tmp_path / "a" / name)
    with read(tmp_path / "a" / name, "rb") as file:
        assert file.read() == b"tip,distance\nyes,1.5\n,2.0\n"


def test_nothing_is_fetched_into_a_folder_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path))
    assert main() == 0
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match="without CASEBOOK_RAW, make fetch-tables fetches them"):
        find_raw()


def test_tables_are_chosen_by_name_or_by_how_many_of_the_smallest(tmp_path: Path) -> None:
    for size, name in enumerate(reversed(TABLES)):
        (tmp_path / "tables" / name).mkdir(parents=True)
        (tmp_path / "tables" / name / f"{name}.csv").write_text("x" * size)
    assert choose_tables("2", tmp_path) == ["flights", "taxi"]
    assert choose_tables("ames, taxi", tmp_path) == ["ames", "taxi"]
    with pytest.raises(SystemExit, match="foo is none of telco_churn, ames"):
        choose_tables("ames,foo", tmp_path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no telco_churn\.csv in .*; without CASEBOOK_RAW, make fetch-tables"):
        choose_tables("1", tmp_path)
