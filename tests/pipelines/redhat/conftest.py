"""Two people with three activities, and one without any, as the raw files hold them."""

import pandas as pd
import pytest

FLAGS = [f"char_{number}" for number in range(10, 38)]


@pytest.fixture
def raw_activities() -> pd.DataFrame:
    nothing = [None, None, None]
    table = {
        "people_id": ["ppl_100", "ppl_1e+05", "ppl_100"],
        "activity_id": ["act2_1734928", "act1_9", "act2_1e+05"],
        "date": ["2023-08-26", "2022-09-27", "2023-08-26"],
        "activity_category": ["type 4", "type 1", "type 2"],
        **{f"char_{number}": [None, f"type {number}", None] for number in range(1, 10)},
        "char_10": ["type 76", None, "type 1"],
        "outcome": ["0", "1", "0"],
    }
    typed = {name: pd.Categorical(values) if values != nothing else values for name, values in table.items()}
    # As RawTable gives it: texts as categories, the id that differs in every row as plain text.
    return pd.DataFrame({**typed, "activity_id": pd.Series(table["activity_id"], dtype="str")})


@pytest.fixture
def raw_people() -> pd.DataFrame:
    table = {
        "people_id": ["ppl_7", "ppl_100", "ppl_1e+05"],
        "char_1": ["type 1", "type 2", "type 1"],
        "group_1": ["group 5", "group 17304", "group 29899"],
        "char_2": ["type 3", "type 2", "type 2"],
        "date": ["2020-12-31", "2021-06-29", "2024-12-30"],
        **{f"char_{number}": [f"type {number}", "type 5", "type 11"] for number in range(3, 10)},
        **{flag: ["True", "False", "True"] for flag in FLAGS},
        "char_38": ["0", "36", "99"],
    }
    return pd.DataFrame({name: pd.Categorical(values) for name, values in table.items()})
