"""Tables of any file, and names that a table cannot have."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from casebook.schema_inference.dialect import Dialect
from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.reading import name_table, read_table


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_cells_stay_the_texts_that_they_are(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "My Shop.csv", b"zip,price\r\n00501,1\r\n,2.50\r\nNone,NA\r\n"))
    assert (table.name, len(table)) == ("my_shop", 3)
    assert table.columns["zip"].tolist()[::2] == ["00501", "None"]
    assert table.columns["price"].isna().tolist() == [False, False, True]


def test_a_known_dialect_is_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"1;2,5\n3;4,5\n")
    table = read_table(path, Dialect(";", decimal=",", names=("a", "b")))
    assert table.columns.to_dict("list") == {"a": ["1", "3"], "b": ["2,5", "4,5"]}


def test_what_is_written_for_a_missing_number_is_found(tmp_path: Path) -> None:
    lines = "".join(f"{number},x\n" for number in range(20))
    table = read_table(write(tmp_path / "a.csv", f"horsepower,name\n{lines}?,?\n".encode()))
    assert table.dialect == Dialect(nulls=("?",))
    assert table.columns.isna().sum().tolist() == [1, 1]


def test_words_among_numbers_are_no_nulls(tmp_path: Path) -> None:
    lines = "".join(f"{number},x\n" for number in range(20))
    table = read_table(write(tmp_path / "a.csv", f"price,name\n{lines}on request,y\n".encode()))
    assert table.dialect == Dialect()


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02"]), "count": [1, 2]})
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    assert (table.dialect, [dtype.kind for dtype in table.columns.dtypes]) == (None, ["M", "i"])


def test_excel_is_read_by_its_extra(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": ["x", None]}).to_excel(tmp_path / "a.xlsx", index=False, sheet_name="First")
    table = read_table(tmp_path / "a.xlsx")
    assert (table.dialect, table.columns["a"].tolist(), table.columns["b"].isna().tolist()) == (
        None, [1, 2], [False, True],
    )  # fmt: skip


def test_excel_without_its_extra_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casebook.config.extras.find_spec", lambda _module: None)
    with pytest.raises(SchemaInferenceError, match=r"pip install 'casebook\[excel\]', or save it as CSV"):
        read_table(write(tmp_path / "a.xlsx", b"PK"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b,a\n1,2,3\n", r"the column a stands there 2 times \(columns 1, 3 of 3\)"),
        (b",b\n1,2\n", "column 1 of 2 has no name"),
        (b"a,b\n", "has a header but no rows"),
        (b"a,b\n" + b"1,2\n" * 9 + b"1,2,3\n", "every line needs 2 cells with ',' between them"),
    ],
    ids=["twice", "nameless", "no rows", "ragged"],
)
def test_a_table_that_cannot_be_declared_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(SchemaInferenceError, match=told):
        read_table(write(tmp_path / "a.csv", content))


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaInferenceError, match=r"a\.parquet cannot be read as parquet"):
        read_table(write(tmp_path / "a.parquet", b"PAR1"))


@pytest.mark.parametrize(
    ("file", "name"),
    [("Wa Churn.csv.gz", "wa_churn"), ("2024-sales.parquet", "table_2024_sales"), ("Größe.csv", "gr__e")],
)
def test_a_table_is_called_after_its_file(file: str, name: str) -> None:
    assert name_table(Path(file)) == name
