from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.data.joins import JoinNames, LookupTable, join_many_to_one

NAMES = JoinNames("sales.csv, column shop", "shops.csv", "case.unknown_shops")


def make_sales() -> pd.DataFrame:
    return pd.DataFrame(
        {"shop": pd.Categorical(["b", "a", "b"]), "amount": [1, 2, 3], "size": ["x", "y", "z"]}, index=[7, 7, 9]
    )


def make_shops() -> pd.DataFrame:
    return pd.DataFrame({"size": [10, 20, 30], "shop": pd.Categorical(["a", "b", "c"])})


def test_each_row_gets_its_owners_columns_under_the_prefix() -> None:
    expected = pd.DataFrame(
        {
            "shop": pd.Categorical(["b", "a", "b"]),
            "amount": [1, 2, 3],
            "size": ["x", "y", "z"],
            "shop_size": [20, 10, 20],
        }
    )
    pd.testing.assert_frame_equal(join_many_to_one(make_sales(), make_shops(), "shop", "shop_", NAMES), expected)


@pytest.mark.parametrize(("many", "one"), [("category", "str"), ("str", "category"), ("str", "str"), (object, "str")])
def test_keys_meet_whether_they_are_kept_as_texts_or_categories(many: str, one: str) -> None:
    sales, shops = make_sales().astype({"shop": many}), make_shops().astype({"shop": one})
    assert join_many_to_one(sales, shops, "shop", "shop_", NAMES)["shop_size"].tolist() == [20, 10, 20]


def test_an_owner_that_stands_twice_is_refused() -> None:
    shops = pd.concat([make_shops(), make_shops().head(1)]).astype({"shop": "category"})
    message = r"^shops\.csv: shop a occurs 2 times \(1 repeated keys\); keep one row each$"
    with pytest.raises(InvalidTableError, match=message):
        join_many_to_one(make_sales(), shops, "shop", "shop_", NAMES)


def test_unknown_keys_are_refused_with_their_count_and_the_first() -> None:
    sales = pd.DataFrame({"shop": ["a", "p", "q", "p", "r", "s", None]})
    with pytest.raises(InvalidTableError) as caught:
        join_many_to_one(sales, make_shops(), "shop", "shop_", NAMES)
    assert str(caught.value) == (
        "sales.csv, column shop: 6 rows have a shop that shops.csv does not hold (first: p, q, r); add the missing "
        "rows there, or give `case.unknown_shops=drop` to leave them out"
    )


def test_unknown_keys_are_left_out_on_demand() -> None:
    sales = pd.DataFrame({"shop": ["z", "b", None, "a"], "amount": [1, 2, 3, 4]})
    expected = pd.DataFrame({"shop": ["b", "a"], "amount": [2, 4], "shop_size": [20, 10]})
    pd.testing.assert_frame_equal(join_many_to_one(sales, make_shops(), "shop", "shop_", NAMES, "drop"), expected)


def test_joining_leaves_both_tables_as_they_were() -> None:
    sales, shops = make_sales(), make_shops()
    join_many_to_one(sales, shops, "shop", "shop_", NAMES, "drop")
    pd.testing.assert_frame_equal(sales, make_sales())
    pd.testing.assert_frame_equal(shops, make_shops())


def test_errors_call_the_tables_and_the_remedy_by_their_names() -> None:
    sales = pd.DataFrame({"shop": ["a", "p"]})
    with pytest.raises(InvalidTableError) as caught:
        join_many_to_one(sales, make_shops(), "shop", "", NAMES)
    assert str(caught.value) == (
        "sales.csv, column shop: 1 rows have a shop that shops.csv does not hold (first: p); add the missing rows "
        "there, or give `case.unknown_shops=drop` to leave them out"
    )
    twice = pd.concat([make_shops(), make_shops().head(1)]).astype({"shop": "str"})
    with pytest.raises(InvalidTableError, match=r"^shops\.csv: shop a occurs 2 times"):
        join_many_to_one(make_sales(), twice, "shop", "", NAMES)


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
