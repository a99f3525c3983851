from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.data.joins import LookupTable, write_keys


@pytest.mark.parametrize(
    ("kind", "table", "keys", "places"),
    [
        ("number", ["1", "2.0", "30"], ["2", " 1.0", "3e1", "x", None, "4"], [1, 0, 2, -1, -1, -1]),
        ("number", [1, 2, 30], [2.0, 1.0, 30.0, 2.5, np.nan, 4.0], [1, 0, 2, -1, -1, -1]),
        ("text", ["1", "1.0", None], ["1.0", "1", "01", None], [1, 0, -1, -1]),
        ("text", ["a", "b"], pd.Categorical(["b", None, "a", "c"]), [1, -1, 0, -1]),
        ("date", ["2023-08-06", "2023-08-07"], ["2023-8-7", "2023-08-06T10:00", "x"], [1, 0, -1]),
    ],
)
def test_a_key_is_found_however_its_type_lets_it_be_written(
    kind: Any,  # noqa: ANN401
    table: list[object],
    keys: list[object],
    places: list[int],
) -> None:
    owners = pd.DataFrame({"key": table, "size": range(len(table))})
    found = LookupTable.index(owners, "key", "", "owners.csv", kind).find(pd.Series(keys))
    assert found.tolist() == places


def test_a_key_in_two_spellings_stands_twice() -> None:
    owners = pd.DataFrame({"key": ["1", "2", "1.0"], "size": [1, 2, 3]})
    with pytest.raises(InvalidTableError, match=r"^owners\.csv: key 1 occurs 2 times \(1 repeated keys\)"):
        LookupTable.index(owners, "key", "", "owners.csv", "number")


def test_a_key_that_is_not_of_its_type_is_refused() -> None:
    owners = pd.DataFrame({"key": ["1", "x"], "size": [1, 2]})
    with pytest.raises(InvalidTableError, match=r"^owners\.csv, column key: 'x' is not a number \(1 of 2 rows"):
        LookupTable.index(owners, "key", "", "owners.csv", "number")


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        (["7.0", " 8 ", "x1.0", "09", None, "7.50"], ["7", "8", "x1.0", "09", None, "7.50"]),
        ([7.0, None, 2.5], ["7", None, "2.5"]), ([7, 10**18 + 1], ["7", "1000000000000000001"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [None, "category", object])
def test_keys_are_written_alike_however_a_file_holds_them(
    keys: list[Any], texts: list[str | None], dtype: str | None
) -> None:
    written = write_keys(pd.Series(keys, dtype=dtype)).astype(object)
    assert written.where(written.notna(), None).tolist() == texts
