"""Three clients as the raw file holds them: every value text."""

import pandas as pd
import pytest


@pytest.fixture
def raw_clients() -> pd.DataFrame:
    table = {
        "age": ["59", "30", "41"],
        "job": ["admin.", "student", "unknown"],
        "marital": ["married", "single", "divorced"],
        "education": ["secondary", "tertiary", "unknown"],
        "default": ["no", "no", "yes"],
        "balance": ["2343", "-45", "0"],
        "housing": ["yes", "no", "yes"],
        "loan": ["no", "no", "yes"],
        "contact": ["unknown", "cellular", "telephone"],
        "day": ["5", "31", "1"],
        "month": ["may", "dec", "jan"],
        "duration": ["1042", "2", "180"],
        "campaign": ["1", "2", "63"],
        "pdays": ["-1", "182", "854"],
        "previous": ["0", "3", "58"],
        "poutcome": ["unknown", "success", "failure"],
        "deposit": ["yes", "yes", "no"],
    }
    return pd.DataFrame({name: pd.Categorical(values) for name, values in table.items()})
