"""The file as it comes from the disk: with or without a header line, or of no use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml

from casebook.cases.registry import load_case
from casebook.datasets import RawTable
from casebook.pipelines.pima.columns import PATIENTS
from casebook.pipelines.pima.nodes import ingest_patients

if TYPE_CHECKING:
    from collections.abc import Callable

CATALOG = Path(__file__).parents[3] / "conf" / "base" / "pima" / "catalog.yml"
KAGGLE = "Pregnancies,Glucose,BloodPressure,SkinThickness,Insulin,BMI,DiabetesPedigreeFunction,Age,Outcome"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in which nothing is wrong, without a header line."""
    load_case("pima").write_sample({"rows": 120, "seed": 5}, tmp_path)
    return tmp_path / "pima-indians-diabetes.csv"


def read(file: Path) -> pd.DataFrame:
    """Read and ingest the file as the catalog says."""
    entry = yaml.safe_load(CATALOG.read_text())["pima.raw_patients"]
    return ingest_patients(RawTable(str(file), names=entry["names"]).load())


def test_the_catalog_names_the_columns_of_the_table() -> None:
    assert yaml.safe_load(CATALOG.read_text())["pima.raw_patients"]["names"] == list(PATIENTS)


@pytest.mark.parametrize("header", [KAGGLE, ",".join(PATIENTS), KAGGLE.lower(), "\ufeff" + KAGGLE])
def test_a_file_with_a_header_line_is_the_same_as_without(file: Path, header: str) -> None:
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
        (lambda text: f"{KAGGLE},Weight\n" + text.replace("\n", ",7\n"), r"nothing is known of: Weight; remove them"),
        (lambda text: text.replace(",", ";"), r"diabetes\.csv .* separated by semicolons; save it with commas"),
        (change_cell(3, 1, "?"), r"column glucose: '\?' is not a number \(1 of 120 rows, first in data row 3\)"),
        (change_cell(3, 1, ""), r"column glucose: must not be empty \(1 rows, first 'nan' in data row 3\)"),
        (change_cell(3, 4, "-7"), r"column insulin: must not be negative \(1 rows, first '-7' in data row 3\)"),
        (
            change_cell(2, 8, "2"),
            r"column diabetes: '2' is not 0 or 1 \(no or yes\) \(1 of 120 rows, first in",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_column_and_value(
    file: Path, spoil: Callable[[str], str], message: str
) -> None:
    file.write_text(spoil(file.read_text()))
    with pytest.raises(Exception, match=message) as told:
        read(file)
    assert type(told.value).__name__ in {"InvalidTableError", "RawFileError"}


@pytest.mark.real
def test_the_real_file_holds_what_is_known_of_it(real_raw: Path) -> None:
    patients = read(real_raw / "pima" / "pima-indians-diabetes.csv")
    assert patients.shape == (768, 9)
    zeros = (patients == 0).sum()[["glucose", "pressure", "skin", "insulin", "bmi", "diabetes"]]
    assert zeros.tolist() == [5, 35, 227, 374, 11, 500]
