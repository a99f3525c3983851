"""Three patients as `RawTable` gives a file without a header line: texts under this project's names."""

import pandas as pd
import pytest

NAMES = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age", "diabetes"]
LINES = ["6,148,72,35,0,33.6,0.627,50,1", "1,0,66,29,94,26.6,0.351,31,0", "8,183,0,0,0,0,0.672,32,1"]


@pytest.fixture
def raw_patients() -> pd.DataFrame:
    cells = [line.split(",") for line in LINES]
    return pd.DataFrame({name: pd.Categorical(values) for name, *values in zip(NAMES, *cells, strict=True)})


@pytest.fixture
def joined_rows() -> pd.DataFrame:
    """The same three, typed."""
    return pd.DataFrame(
        {
            "pregnancies": [6, 1, 8],
            "glucose": [148, 0, 183],
            "pressure": [72, 66, 0],
            "skin": [35, 29, 0],
            "insulin": [0, 94, 0],
            "bmi": [33.6, 26.6, 0.0],
            "pedigree": [0.627, 0.351, 0.672],
            "age": [50, 31, 32],
            "diabetes": pd.Series([1, 0, 1], dtype="int8"),
        }
    )
