from pathlib import Path

import numpy as np
import pandas as pd

from reference_redhat import encode_columns, engineer_features, join_tables, split_and_scale


def test_the_straightforward_way_prepares_as_published(tmp_path: Path) -> None:
    write_raw_files(tmp_path)
    joined = join_tables(tmp_path)
    assert joined.shape == (40, 46)
    assert joined["activity_type"].isna().sum() == 0
    table = engineer_features(joined)
    assert table.shape == (40, 56)
    first = table.iloc[0]
    names = ["people_id", "activity_id", "group_1", "activity_type", "Activity_Week", "WeekDay", "char_10"]
    assert first[names].tolist() == [100000, 7, 17304, 76, 34, 1, 1]
    encoded = encode_columns(table)
    assert encoded.shape == (40, 46 + 2 + 9)
    parts = split_and_scale(encoded)
    assert {name: rows.shape for name, (rows, _) in parts.items()} == {
        "train": (28, 56),
        "validation": (4, 56),
        "test": (8, 56),
    }
    assert np.allclose(parts["train"][0].mean(axis=0), 0)


def write_raw_files(folder: Path) -> None:
    people = {
        "people_id": ["ppl_1e+05", "ppl_2"],
        "char_1": ["type 1", "type 1"],
        "group_1": ["group 17304", "group 5"],
    }
    people |= {"char_2": ["type 2", "type 2"], "date": ["2023-08-22", "2022-02-01"]}
    people |= {f"char_{number}": ["type 3", "type 3"] for number in range(3, 10)}
    people |= {f"char_{number}": [True, False] for number in range(10, 38)} | {"char_38": [36, 76]}
    activities = {
        "people_id": ["ppl_1e+05", "ppl_2"] * 20,
        "activity_id": [f"act2_{number}" for number in range(7, 47)],
        "date": ["2023-08-27", "2022-07-20"] * 20,
        "activity_category": ["type 2", "type 1"] * 20,
    }
    activities |= {f"char_{number}": [None, "type 1"] * 20 for number in range(1, 10)}
    activities |= {"char_10": ["type 76", None] * 20, "outcome": [0, 1] * 20}
    pd.DataFrame(people).to_csv(folder / "people.csv", index=False)
    pd.DataFrame(activities).to_csv(folder / "act_train.csv", index=False)
