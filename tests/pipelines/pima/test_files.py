"""The file as it comes from the disk: with or without a header line, or of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.cases.registry import load_case
from casebook.datasets import DeclaredTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.declared_fixtures import Ingest

    Read = Callable[[Path], pd.DataFrame]

PATIENTS = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age", "diabetes"]
KAGGLE = "Pregnancies,Glucose,BloodPressure,SkinThickness,Insulin,BMI,DiabetesPedigreeFunction,Age,Outcome"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in which nothing is wrong, without a header line."""
    write_sample = load_case("pima").write_sample
    assert write_sample is not None
    write_sample({"rows": 120, "seed": 5}, tmp_path)
    return tmp_path / "pima-indians-diabetes.csv"


@pytest.fixture
def read(ingest: Ingest) -> Callable[[Path], pd.DataFrame]:
    """Return what reads and ingests the file as the declaration says."""
    return lambda file: ingest("pima", DeclaredTable("pima", filepath=str(file)).load())[0]


@pytest.mark.parametrize("header", [KAGGLE, ",".join(PATIENTS), KAGGLE.lower(), "\ufeff" + KAGGLE])
def test_a_file_with_a_header_line_is_the_same_as_without(read: Read, file: Path, header: str) -> None:
    bare = read(file)
    assert bare.shape == (120, 9)
    file.write_text(f"{header}\n{file.read_text()}")
    pd.testing.assert_frame_equal(read(file), bare)


def change_cell(line: int, place: int, value: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        rows = [row.split(",") for row in text.splitlines()]
        rows[line - 1][place] = value
        return "\n".join(map(",".join, rows)) + "\n"

    return change


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda _: "", r"diabetes\.csv cannot be read as CSV \(the file is empty: put the complete file there"),
        (lambda text: text[: text.rstrip().rfind(",") - 3], r"diabetes\.csv cannot be read as CSV .*cut off"),
        (
            lambda text: text.replace("\n", ",7\n"),
            r"diabetes\.csv cannot be read as CSV \(data row 1: 10 values instead of 9",
        ),
        (lambda _: KAGGLE + "\n", r"diabetes\.csv has a header but no rows; put the complete file there"),
        (lambda text: text.replace(",", ";"), r"diabetes\.csv .* separated by semicolons; save it with commas"),
        (change_cell(3, 1, "?"), r"column glucose: '\?' is not a number \(1 of 120 rows, first in data row 3\)"),
        (change_cell(3, 1, ""), r"column glucose: must not be empty \(1 rows, first 'nan' in data row 3\)"),
        (
            change_cell(3, 4, "-7"),
            r"column insulin: '-7' is not a number of at least 0 \(1 of 120 rows, first in data row 3\)",
        ),
        (change_cell(2, 8, "2"), r"column diabetes: '2' \(1 rows\) is none of the declared classes 0, 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_column_and_value(
    read: Read, file: Path, spoil: Callable[[str], str], message: str
) -> None:
    file.write_text(spoil(file.read_text()))
    with pytest.raises(Exception, match=message) as told:
        read(file)
    assert type(told.value).__name__ in {"InvalidTableError", "RawFileError"}


@pytest.mark.real
def test_the_real_file_holds_what_is_known_of_it(read: Read, real_raw: Path) -> None:
    patients = read(real_raw / "pima" / "pima-indians-diabetes.csv")
    assert patients.shape == (768, 9)
    zeros = (patients == 0).sum()[["glucose", "pressure", "skin", "insulin", "bmi", "diabetes"]]
    assert zeros.tolist() == [5, 35, 227, 374, 11, 500]
