"""How unknown text files are written, and what is no table."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import pytest

from casebook.schema_inference.dialect import Dialect, read_bytes, sniff_dialect
from casebook.schema_inference.errors import SchemaInferenceError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,x\n2,y\n", Dialect()),
        (b"a;b\r\n1,5;x\r\n2,25;y\r\n", Dialect(";", decimal=",")),
        (b"a;b\n1.5;x\n2.25;y\n", Dialect(";")),
        (b'a,b\n"48,0",x\n"1,25",y\n700,z\n', Dialect(decimal=",")),
        (b'a,b\n"1,500",x\n"2,250",y\n700,z\n', Dialect()),
        (b'a,b,c\n"48,0",x,1.5\n"1,25",y,2.5\n', Dialect(decimal=",")),
        (b'a,b\n"1,2",x\n3,y\n"1,3",z\n', Dialect()),
        (b'a,b\n"1,2","2,75"\n3,"2,25"\n"1,3","0,5"\n', Dialect(decimal=",")),
        (b'a,b\n"1,5",x\n3,y\n"2,0",z\n', Dialect(decimal=",")),
        (b'a,b\n"4,6",x\n"5,1",y\n"0,6",z\n', Dialect(decimal=",")),
        (b'a,b\n"2,2",x\n"2,3",y\n3,z\n', Dialect(decimal=",")),
        (b"a;b\n1,2;x\n3;y\n1,3;z\n", Dialect(";", decimal=",")),
        (b"a\tb\n1,500\tx\n700\ty\n", Dialect("\t")),
        (b"a;b\n1,500;x\n0,725;y\n", Dialect(";", decimal=",")),
        (b"a;b\n1,500;x\n2,725;y\n", Dialect(";", decimal=",")),
        (b"a\tb\n1\tx\n", Dialect("\t")),
        (b"a|b\n1|x\n", Dialect("|")),
        (b"\xef\xbb\xbfa,b\n1,x\n", Dialect()),
        ("größe;preis\n1;ü\n".encode("cp1252"), Dialect(";", "cp1252")),
        ("a,b\n1,ü\n".encode("utf-16"), Dialect(encoding="utf-16")),
        (b'a,b\n"x, y",1\n"z; w",2\n', Dialect()),
        (b'a,b\n"two\nlines",1\n"z",2\n', Dialect()),
    ],
    ids=[
        "comma",
        "semicolon",
        "point",
        "decimal commas in quotes",
        "thousands in quotes",
        "both signs",
        "choices in quotes",
        "choices beside decimal commas",
        "steps of a half",
        "single digits that fall",
        "a digit twice",
        "single digits between semicolons",
        "thousands",
        "three decimals",
        "all of three decimals",
        "tab",
        "bar",
        "mark",
        "cp1252",
        "utf-16",
        "quoted",
        "line end in quotes",
    ],
)
def test_a_file_is_read_as_it_is_written(content: bytes, expected: Dialect) -> None:
    assert sniff_dialect(content, "file.csv") == expected


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"5.1,3.5,setosa\n4.9,3.0,setosa\n", ("column_1", "column_2", "column_3")),
        (b"red;1,5;26.02.2014\nred;2,5;27.02.2014\n", ("column_1", "column_2", "column_3")),
        (b"name,length\nsetosa,5.1\n", ()),
        (b"country,1999,2000\nAfghanistan,745,2666\nBrazil,37737,80488\n", ()),
        (b"0,1,2\n5,3,1\n4,9,2\n", ()),
        (b"a,b\nx,y\nz,w\n", ()),
    ],
    ids=["none", "commas and dates", "names", "years", "counted", "only texts"],
)
def test_the_first_line_is_a_header_unless_it_holds_values(content: bytes, names: tuple[str, ...]) -> None:
    assert sniff_dialect(content, "file.csv").names == names


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "file.csv is an image, no table"),
        (b"a,b\0\1\2,c\n", "file.csv is a binary file, no table"),
        (b'{"a": 1}', "file.csv is JSON, no table"),
        (b"<html></html>", "file.csv is HTML or XML, no table"),
        (b"Dear reader,\nthis is a letter\nand no table, as you see, of course.\n", "file.csv is no table"),
        (b"a\n1\n2\n", "file.csv is no table"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(content: bytes, told: str) -> None:
    with pytest.raises(SchemaInferenceError, match=told):
        sniff_dialect(content, "file.csv")


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", content)
        archive.writestr("__MACOSX/._a.csv", "x")
    assert read_bytes(tmp_path / "a.csv.gz") == read_bytes(tmp_path / "a.zip") == content


def test_a_zip_of_two_files_is_refused_with_their_names(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n")
        archive.writestr("b.csv", "a,b\n")
    with pytest.raises(SchemaInferenceError, match=r"holds 2 files \(a.csv, b.csv\); unpack it"):
        read_bytes(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b" \n", "is empty; give a file with a header line and rows"),
        ("a.csv", b"\na,b\n1,2\n", "begins with an empty line; remove it"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:20], "cannot be read"),
        ("a.zip", b"PK", "cannot be read"),
    ],
    ids=["blank", "empty line", "cut gzip", "cut zip"],
)
def test_empty_and_damaged_files_are_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SchemaInferenceError, match=told):
        read_bytes(tmp_path / name)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaInferenceError, match=f"^{tmp_path} is a folder: give the file$"):
        read_bytes(tmp_path)
    with pytest.raises(SchemaInferenceError, match=r"there is no file .*gone\.csv"):
        read_bytes(tmp_path / "gone.csv")
