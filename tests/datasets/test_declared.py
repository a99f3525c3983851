"""Raw files of declared cases are read as their declaration says, and new rows of them are joined."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from casebook.cases import declared
from casebook.column_types.parsing import InvalidTableError
from casebook.config.schema.table_declaration import TableParameters
from casebook.datasets import DeclaredArrivals, DeclaredTable, NewRowsFolder, OutcomesFolder, RowSchemaFile
from casebook.datasets.declared import is_plain, read_table
from casebook.datasets.raw import RawFileError
from casebook.preprocessing.row_schema import Feature, RowSchema

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "name;price\nM\u00fcller;1,5\n;2\n"


def say(**said: Any) -> TableParameters:  # noqa: ANN401 - parameters
    return TableParameters.model_validate({"file": "a.csv", **said})


def values(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {name: table[name].astype(object).where(table[name].notna(), None).tolist() for name in table}


@pytest.mark.parametrize("packed", ["a.csv", "a.csv.gz", "a.zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_a_text_file_is_read_with_its_delimiter_and_encoding_packed_or_not(
    tmp_path: Path, packed: str, encoding: str
) -> None:
    content = TEXT.encode(encoding)
    path = tmp_path / packed
    if packed.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside.csv", content)
    else:
        path.write_bytes(gzip.compress(content) if packed.endswith(".gz") else content)
    table = read_table(path, say(delimiter=";", encoding=encoding.removesuffix("-sig")))
    assert values(table) == {"name": ["M\u00fcller", None], "price": ["1,5", "2"]}


def test_names_are_those_of_the_declaration_where_the_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    assert values(read_table(tmp_path / "a.csv", say(header=False, names=["x", "y"]))) == {
        "x": ["1", "3"],
        "y": ["2", "4"],
    }
    (tmp_path / "a.csv").write_text("Y, X \n1,2\n")
    turned = read_table(tmp_path / "a.csv", say(header=False, names=["x", "y"]))
    assert values(turned) == {"y": ["1"], "x": ["2"]}, "a line without a digit is a header all the same"
    (tmp_path / "a.csv").write_text("p,q\n1,2\n")
    assert list(read_table(tmp_path / "a.csv", say(names=["x", "y"]))) == ["x", "y"]
    assert list(read_table(tmp_path / "a.csv", say(rename={"p": "price"}))) == ["price", "q"]


def test_declared_spellings_of_null_are_null_beside_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n?,a\n1,NA\n.,\n")
    assert values(read_table(tmp_path / "a.csv", say())) == {"x": ["?", "1", "."], "y": ["a", None, None]}
    table = read_table(tmp_path / "a.csv", say(nulls=["?", "."]))
    assert values(table) == {"x": [None, "1", None], "y": ["a", None, None]}


@pytest.mark.usefixtures("toys")
def test_blanks_around_a_name_are_none_of_it_in_rows_to_learn_from_and_to_predict_alike(tmp_path: Path) -> None:
    place = tmp_path / "toys" / "rows.csv"
    place.write_text("id, SHOP ,y \n1,a,0\n")
    assert list(DeclaredTable("toys", "rows").load()) == ["id", "shop", "y"]
    (block,) = NewRowsFolder("toys", str(tmp_path / "toys")).load().blocks()
    assert list(block.rows) == ["id", "shop", "y", "shop_area"]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1, 2], "y": [True, False]}).to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet", say()).dtypes.astype(str).to_dict() == {"x": "int64", "y": "bool"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,a\n1,2,3\n", "has the column 'a' 2 times, in places 1 and 3; keep one of them"),
        ("a,,c\n1,2,3\n", "column 2 has no name"),
        ("", "cannot be read as CSV"),
        ("a,b\n1,2,3\n", "cannot be read as CSV"),
        ("\x00\x01\x02", "cannot be read as CSV|no name"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    (tmp_path / "a.csv").write_text(content)
    monkeypatch.setattr(
        declared, "_RESOLVED", {"toys": {"data": {"tables": {"rows": {"file": str(tmp_path / "a.csv")}}}}}
    )
    with pytest.raises(RawFileError, match=message) as told:
        DeclaredTable("toys").load()
    assert str(tmp_path / "a.csv") in str(told.value)


def test_text_with_names_of_its_own_is_read_piece_by_piece_whatever_its_form(tmp_path: Path) -> None:
    assert is_plain(tmp_path / "a.csv", say())
    assert is_plain(tmp_path / "a.parquet", say(delimiter=";"))
    assert is_plain(tmp_path / "a.csv", say(delimiter=";", encoding="cp1252", nulls=["?"]))
    assert is_plain(tmp_path / "a.csv", say(header=False, names=["x"]))
    assert not is_plain(tmp_path / "a.csv", say(names=["x"]))
    assert not is_plain(tmp_path / "a.xlsx", say())


FORMS = [say(delimiter=";"), say(delimiter="\t", encoding="cp1252"), say(delimiter="|", encoding="utf-16")]
FORM_NAMES = ["semicolons", "tabs in cp1252", "bars in UTF-16"]


def write(path: Path, said: TableParameters, text: str) -> Path:
    path.write_bytes(text.replace(";", said.delimiter).encode(said.encoding))
    return path


@pytest.mark.parametrize("said", FORMS, ids=FORM_NAMES)
def test_a_quote_that_is_not_closed_swallows_no_rows_in_any_form(tmp_path: Path, said: TableParameters) -> None:
    # Arrow would read on to the next quote: three rows fewer, and no word.
    place = write(tmp_path / "a.csv", said, 'x;y\n1;"M\u00fcller\n2;b\n3;c\n4;d";\n5;e\n')
    message = (
        r"data row 1: a quote is opened and not closed: 1.\"M\u00fcller \(2 of 5 rows cannot be read\); mend the file"
    )
    with pytest.raises(ValueError, match=message):
        read_table(place, said)


@pytest.mark.parametrize(
    ("said", "text", "message"),
    [
        (say(delimiter=";"), b"x,y\n1,2\n", "separated by commas; save it with semicolons, as the case declares"),
        (say(delimiter=";"), b"x\ty\n1\t2\n", "separated by tabs; save it with semicolons, as the case declares"),
        (say(), b"x;y\n1;2\n", r"separated by semicolons; save it with commas\Z"),
        (say(encoding="cp1252"), "x\nM\u00fcller\n".encode(), "is UTF-8, while the case declares its files as cp1252"),
        (say(encoding="cp1252"), b"x\na\x81\n", "is not cp1252, as the case declares its files"),
        (say(encoding="utf-16"), b"x\nab\n", "is not utf-16, as the case declares its files"),
        (say(), "x\nM\u00fcller\n".encode("cp1252"), "data row 1, column x: 'M\u00fcller' is not UTF-8"),
        (say(names=["a", "b"]), b"x,y,z\n1,2,3\n", "has 3 columns, and the case declares the names of 2: a, b"),
    ],
)
def test_a_file_of_another_form_than_is_declared_is_refused_with_both(
    tmp_path: Path, said: TableParameters, text: bytes, message: str
) -> None:
    (tmp_path / "a.csv").write_bytes(text)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "a.csv", said)


def test_letters_of_a_declared_encoding_are_taken_for_no_other(tmp_path: Path) -> None:
    said = say(encoding="gbk")
    # These letters of GBK are letters of UTF-8 by chance, too.
    assert values(read_table(write(tmp_path / "a.csv", said, "x\n\u8054\u901a\n"), said)) == {"x": ["\u8054\u901a"]}


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A case of rows and shops, one of which is missing -> its tables, to be changed."""
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path))
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "rows.csv").write_text("id,Shop,y\n1,a,0\n2,x,1\n3,2.0,1\n4,,0\n")
    (tmp_path / "toys" / "shops.csv").write_text("code;area\na;1,5\n2;7\n")
    tables: dict[str, Any] = {
        "rows": {"file": "rows.csv", "rename": {"Shop": "shop"}},
        "shops": {"file": "shops.csv", "delimiter": ";", "join_on": {"shop": "code"}, "prefix": "shop_"},
    }
    tree = {"task": "binary", "target": "y", "data": {"tables": tables, "columns": {"id": {"role": "key"}}}}
    monkeypatch.setattr(declared, "_RESOLVED", {"toys": tree})
    return tables


@pytest.mark.usefixtures("toys")
def test_new_rows_get_the_columns_of_their_partner_and_those_without_one_are_set_aside() -> None:
    reader = NewRowsFolder("toys").load()
    (block,) = reader.blocks()
    assert values(block.rows) == {"id": ["1", "3"], "shop": ["a", "2.0"], "y": ["0", "1"], "shop_area": ["1,5", "7"]}
    assert block.numbers.tolist() == [0, 2]
    assert block.broken == [(1, "shop x is not in shops.csv"), (3, "an empty shop is not in shops.csv")]
    assert (reader.form.key, reader.lookup_table()) == ("id", None)


def test_new_rows_without_a_partner_are_kept_where_that_is_declared(toys: dict[str, Any]) -> None:
    toys["shops"]["unmatched"] = "missing"
    (block,) = NewRowsFolder("toys").load().blocks()
    assert values(block.rows)["shop_area"] == ["1,5", None, "7", None]
    assert block.broken == []


@pytest.mark.parametrize("said", FORMS, ids=FORM_NAMES)
def test_new_rows_of_another_form_keep_their_numbers_beside_those_that_cannot_be_read(
    toys: dict[str, Any], tmp_path: Path, said: TableParameters
) -> None:
    toys["rows"] |= {"delimiter": said.delimiter, "encoding": said.encoding}
    write(tmp_path / "toys" / "rows.csv", said, 'id;Shop;y\n1;a;0\n2;a\n\n3;"a\n4;2;M\u00fcller\n')
    blocks = list(NewRowsFolder("toys").load().blocks())
    rows = pd.concat([block.rows.astype("str") for block in blocks])
    assert values(rows) == {"id": ["1", "4"], "shop": ["a", "2"], "y": ["0", "M\u00fcller"], "shop_area": ["1,5", "7"]}
    assert [number for block in blocks for number in block.numbers.tolist()] == [0, 3]
    assert [line for block in blocks for line in block.broken] == [
        (1, f"2 values instead of 3: 2{said.delimiter}a"),
        (2, f'a quote is opened and not closed: 3{said.delimiter}"a'),
    ]


def test_new_rows_in_a_folder_of_csv_files_are_numbered_through_and_known_by_their_content(
    toys: dict[str, Any], tmp_path: Path
) -> None:
    toys["rows"]["file"] = "days"
    days = tmp_path / "toys" / "days"
    days.mkdir()
    (days / "01.csv").write_text("id,Shop,y\n1,a,0\n2,2,1,5\n")
    (days / "02.csv").write_text("id,Shop,y\n3,2,1\n4,x,1\n")
    (days / "README").write_text("of the days")
    reader = NewRowsFolder("toys").load()
    blocks = list(reader.blocks())
    assert [name for block in blocks for name in block.rows["id"]] == ["1", "3"]
    assert [number for block in blocks for number in block.numbers.tolist()] == [0, 2]
    assert [line for block in blocks for line in block.broken] == [
        (1, "4 values instead of 3: 2,2,1,5"),
        (3, "shop x is not in shops.csv"),
    ]
    assert [part.name for part in reader.parts("days")] == ["01.csv", "02.csv"]
    before = reader.digest("days")
    (days / "02.csv").write_text("id,Shop,y\n3,2,0\n4,x,1\n")
    assert (len(before), reader.digest("days") != before) == (16, True)
    (days / "03.csv").write_bytes(b"id,Shop,y\n1,\xff,0\n")
    with pytest.raises(RawFileError, match=r"days/03.csv cannot be read as CSV"):
        list(reader.blocks())


def test_a_file_to_predict_that_is_missing_is_told(toys: dict[str, Any]) -> None:
    toys["rows"]["file"] = "gone.csv"
    with pytest.raises(RawFileError, match=r"toys/gone.csv is missing; put the rows to predict there"):
        next(NewRowsFolder("toys").load().blocks())


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_outcomes_come_in_the_form_of_the_first_table_or_in_the_usual_one(
    toys: dict[str, Any], tmp_path: Path, delimiter: str, suffix: str
) -> None:
    toys["rows"] |= {"delimiter": ";", "encoding": "cp1252", "rename": {"Outcome": "y"}, "decimal": ",", "nulls": ["?"]}
    text = 'ID;OUTCOME \n"M\u00fc";"1,5"\nb;?\n'.replace(";", delimiter).encode("cp1252")
    (tmp_path / "toys" / f"out.{suffix}").write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    read = OutcomesFolder("toys").load()
    assert values(read.read(f"out.{suffix}")) == {"ID": ["M\u00fc", "b"], "y": ["1,5", None]}
    assert read.case.target_kind == "number:,"
    (tmp_path / "toys" / "twice.csv").write_text("id;y;Outcome\na;1;0\n")
    with pytest.raises(InvalidTableError, match=r"twice\.csv has the column 'y' 2 times, in places 2 and 3"):
        read.read("twice.csv")


def test_batches_of_new_rows_have_the_form_of_the_first_table(toys: dict[str, Any], tmp_path: Path) -> None:
    toys["rows"]["delimiter"] = ";"
    (tmp_path / "toys" / "batch.csv").write_text("id;Shop;y\n1;a;0\n")
    arrivals = DeclaredArrivals("toys").load()
    assert values(arrivals.read("batch.csv")) == {"id": ["1"], "shop": ["a"], "y": ["0"]}
    assert arrivals.digest("batch.csv") != arrivals.digest("rows.csv")


def test_a_schema_lies_in_a_file(tmp_path: Path) -> None:
    schema = RowSchema({"x": "number"}, {"x": Feature("as_is", ("x",))}, ("y",), (1, 2))
    file = RowSchemaFile(str(tmp_path / "schema.json"))
    file.save(schema)
    assert file.load() == schema
