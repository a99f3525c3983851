"""Which files of a folder are scored: those that a name or a pattern means, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from casebook.datasets.file_kinds import kind_of
from casebook.datasets.parts import list_parts, split_pattern
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    names = ("b.csv.gz", "a.CSV", "c.parquet", "_SUCCESS", "notes.md", ".d.csv", ".unfinished-1-e.csv",
             "month=1/f.csv", "month=2/f.csv", "../in [box]/b.csv", "spark.parquet/part-0.parquet",
             "spark.parquet/part-1.parquet")  # fmt: skip
    for name in names:
        path = tmp_path / "raw" / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "raw"


def names_of(given: str, raw: Path) -> list[str]:
    return [part.name for part in list_parts(given, raw, lambda path: bool(kind_of(path)))]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("inbox", ["a.CSV", "b.csv.gz", "c.parquet"]),
        ("inbox/", ["a.CSV", "b.csv.gz", "c.parquet"]),
        ("inbox/*.csv*", ["b.csv.gz"]),
        ("inbox/*/*.csv", ["month=1/f.csv", "month=2/f.csv"]),
        ("inbox/month=[2-9]/*", ["month=2/f.csv"]),
        # What is there by this very name is no pattern.
        ("in [box]", ["b.csv"]),
        ("in [box]/*.csv", ["b.csv"]),
        # A folder of Parquet files is one part, and its files are none of their own.
        ("inbox/**/*.parquet", ["c.parquet", "spark.parquet"]),
        ("inbox/spark.parquet/*", ["part-0.parquet", "part-1.parquet"]),
    ],
)
def test_a_folder_means_its_own_files_of_rows_and_a_pattern_what_it_names(
    raw: Path, given: str, names: list[str]
) -> None:
    assert names_of(given, raw) == names
    assert names_of(str(raw / given), raw) == names


def test_a_pattern_without_a_folder_counts_from_here_else_from_the_raw_folder(raw: Path, tmp_path: Path) -> None:
    (raw / "x.csv").touch()
    assert [part.path for part in list_parts("*.csv", raw, lambda path: bool(kind_of(path)))] == [raw / "x.csv"]
    (tmp_path / "elsewhere" / "y.csv").touch()
    assert names_of("*.csv", raw) == ["y.csv"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("outbox", r"outbox is no folder; make it, or name another with predict\.folder"),
        ("outbox/*.csv", r"outbox is no folder"),
        ("inbox/a.CSV", r"a\.CSV is no folder"),
        ("inbox/*.xls", r"no file of rows is called inbox/\*\.xls"),
        ("empty", r"empty holds no file of rows \(\.csv .*\); it holds notes\.md"),
    ],
)
def test_where_there_is_no_file_of_rows_it_is_said(raw: Path, given: str, told: str) -> None:
    (raw / "empty").mkdir()
    (raw / "empty" / "notes.md").touch()
    with pytest.raises(RawFileError, match=told):
        names_of(given, raw)


def test_a_path_is_split_before_its_first_sign(raw: Path) -> None:
    assert split_pattern("/a/b/*.csv", raw) == ("/a/b", "*.csv")
    assert split_pattern("a/b?/c.csv", raw) == ("a", "b?/c.csv")
    assert split_pattern("a/b", raw) == ("a/b", "")
    assert split_pattern("*", raw) == (".", "*")
