"""A CSV file is read alike whether as a whole, for training, or in blocks, to be predicted."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casebook.cases.registry import NewRows
from casebook.column_types.invalid_values import find_invalid_values
from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.datasets import RawParquet, RawTable
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.csv_reading import LineCounter, read_csv_options
from casebook.datasets.raw import RawFileError
from casebook.serving.requests import BadRequestError, RowsRequest

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"day": "date", "a, b": "text", "size": "number"}
ROWS = '2022-07-20T00:15:00+02:00,001,1.0\n2022-07-19T23:45:00Z,1e5,\n2022-7-3,"x, y",2\n'


def read_both(folder: Path, content: bytes, names: tuple[str, ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    (folder / "rows.csv").write_bytes(content)
    whole = RawTable(str(folder / "rows.csv"), names=list(names) or None).load()
    (block,) = NewRowsReader(folder, NewRows("rows.csv", {}, names=names), "2026-01-01").blocks()
    assert block.broken == []
    return whole, block.rows


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("header", ['"day","a, b","size"', 'day,"a, b",size'], ids=["all quoted", "one quoted"])
def test_a_quoted_header_leaves_every_value_the_text_that_stands_there(
    tmp_path: Path, header: str, end: str, mark: str
) -> None:
    content = f"{mark}{header}\n{ROWS}".replace("\n", end).encode()
    for table in read_both(tmp_path, content):
        assert table.columns.tolist() == list(KINDS)
        assert all(isinstance(table[name].dtype, pd.CategoricalDtype) for name in table)
        assert table["a, b"].tolist() == ["001", "1e5", "x, y"]
        # The day is the one that was written: in UTC the first would be the 19th.
        typed = conform_table(table, KINDS, "rows.csv")
        assert typed["day"].tolist() == [pd.Timestamp(day) for day in ("2022-07-20", "2022-07-19", "2022-07-03")]
        assert typed["size"].fillna(-1).tolist() == [1.0, -1.0, 2.0]


def test_blanks_in_a_header_belong_to_the_name(tmp_path: Path) -> None:
    for table in read_both(tmp_path, b"a ,b \n01,02\n"):
        assert {name: table[name].tolist() for name in table} == {"a ": ["01"], "b ": ["02"]}


def test_the_names_that_a_file_lacks_are_quoted_by_no_one(tmp_path: Path) -> None:
    for table in read_both(tmp_path, b'"01",2\n3,"04"\n', names=("size", "age")):
        assert {name: table[name].tolist() for name in table} == {"size": ["01", "3"], "age": ["2", "04"]}


@pytest.mark.parametrize(
    ("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2), (b"a\r\nb\r\n", 2)]
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_lines_are_counted_while_a_file_is_read(content: bytes, lines: int, size: int) -> None:
    counter, read = LineCounter(io.BytesIO(content)), b""
    while chunk := counter.read(size):
        read += chunk
    assert (read, counter.lines) == (content, lines)


def test_a_packed_file_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number % 7) for number in range(50_000))
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(content))
    unpacked: list[int] = []
    unpack = gzip.GzipFile.read

    def count(file: gzip.GzipFile, size: int | None = -1) -> bytes:
        chunk = unpack(file, size)
        unpacked.append(len(chunk))
        return chunk

    monkeypatch.setattr(gzip.GzipFile, "read", count)
    assert RawTable(str(tmp_path / "rows.csv.gz")).load().shape == (50_000, 2)
    assert sum(unpacked) == len(content)


def test_columns_that_are_not_worth_a_dictionary_are_plain(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('"id","age"\n1,2\n')
    options = read_csv_options(tmp_path / "rows.csv", plain=["id"])
    assert options.names == ["id", "age"]
    assert {name: str(kind) for name, kind in options.convert.column_types.items()} == {
        "id": "string",
        "age": "dictionary<values=string, indices=int32, ordered=0>",
    }


def test_a_first_line_that_is_no_header_is_refused_by_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x" * 200_000 + "\n")
    with pytest.raises(
        RawFileError, match=r"rows\.csv cannot be read as CSV \(its first line is no header: field larg"
    ):
        RawTable(str(tmp_path / "rows.csv")).load()
    with pytest.raises(
        RawFileError, match=r"rows\.csv cannot be read as CSV \(its first line is no header: field larg"
    ):
        list(NewRowsReader(tmp_path, NewRows("rows.csv", {}), "2026-01-01").blocks())


@pytest.mark.parametrize(
    "header",
    ["a,b,a", '"a",b,a', "a, b,A ", "\ufeffa,b,a", 'a,b,"A"'],
    ids=["plain", "quoted", "other case and blanks", "byte order mark", "quoted in capitals"],
)
def test_a_column_that_a_file_has_twice_is_refused_by_name_and_place(tmp_path: Path, header: str) -> None:
    message = r"rows\.csv has the column 'a'.* 2 times, in places 1 and 3; keep one of them or rename the others"
    (tmp_path / "rows.csv").write_text(f"{header}\n1,2,3\n")
    with pytest.raises(RawFileError, match=message):
        RawTable(str(tmp_path / "rows.csv")).load()
    with pytest.raises(RawFileError, match=message):
        list(NewRowsReader(tmp_path, NewRows("rows.csv", {}), "2026-01-01").blocks())
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "rows.parquet")
    message = r"rows\.parquet has the column 'a' 2 times, in places 1 and 2; keep one"
    with pytest.raises(RawFileError, match=message):
        RawParquet(str(tmp_path / "rows.parquet")).load()
    with pytest.raises(RawFileError, match=message):
        list(NewRowsReader(tmp_path, NewRows("rows.parquet", {}), "2026-01-01").blocks())


# Beside what is valid, what spreadsheets, other programs and hands make of the same values.
SPELLINGS = {
    "date": ["2015-9-17", "2015-09-17", "2015-09-17T23:30:00-05:00", "2015-09-17 00:00:00", "17.09.2015", "2015-13-45",
             "20150917", " 2015-9-17 ", "2015-9-17T00:00Z", "2015-02-30", "09/17/2015", "null"],
    "number": ["1.0", "1", "True", "1e0", "+1", " 1 ", "1,0", "0x1", "inf", "nan", "NA", "N/A", "1_0", ".5", "5."],
    "flag": ["True", "1.0", "0", "yes", "NaN", "FALSE", " true", "2", "t"],
    "text": ["1.0", "1", "True", "007", " 1", "1e5", "null", "NA", "None", "é"],
}  # fmt: skip


@pytest.mark.parametrize("kind", SPELLINGS)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_file_to_train_on_a_file_to_predict_and_a_request_take_the_same_values_alike(
    tmp_path: Path,
    kind: Any,  # noqa: ANN401
    data: st.DataObject,
) -> None:
    texts = data.draw(st.lists(st.sampled_from(SPELLINGS[kind]), min_size=1, max_size=3))
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        quoted = data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
        csv.writer(file, quoting=quoted).writerows([["a", "b"], *([text, "x"] for text in texts)])
    (block,) = NewRowsReader(tmp_path, NewRows("rows.csv", {}), "2026-01-01").blocks()
    read = [read_as(lambda: RawTable(str(tmp_path / "rows.csv")).load()[["a"]], kind)]
    read += [read_as(lambda: block.rows[["a"]], kind)]
    read += [read_as(lambda: RowsRequest({"a": texts}, {"a": kind}).to_table(), kind)]
    assert read[0] == read[1] == read[2]
    refused = {fault.row for fault in find_invalid_values(block.rows[["a"]], {"a": kind})}
    assert (read[0] is None) == bool(refused)


def read_as(load: Any, kind: Any) -> list[Any] | None:  # noqa: ANN401 - what loads a table, and a kind
    """Load and type a column -> its values; nothing where it is refused."""
    try:
        return [None if pd.isna(value) else value for value in conform_table(load(), {"a": kind}, "t")["a"].tolist()]
    except (InvalidTableError, BadRequestError):
        return None
