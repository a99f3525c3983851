"""Numbers are printed in the forms of the original files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.synthetic_data.redhat.forms import print_days, print_ids, print_number, print_types


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (1, "1"),
        (10_000, "10000"),
        (99_999, "99999"),
        (100_000, "1e+05"),
        (110_000, "110000"),
        (900_000, "9e+05"),
        (1_000_000, "1e+06"),
        (1_200_000, "1200000"),
        (12_000_000, "1.2e+07"),
    ],
)
def test_a_number_is_printed_in_scientific_form_exactly_where_that_is_shorter(number: int, printed: str) -> None:
    assert print_number(number) == printed


def test_ids_join_the_prefix_of_their_row_and_its_number() -> None:
    ids = print_ids(("act1_", "act2_"), np.array([1, 0, 1]), np.array([1_734_928, 300_000, 7]))
    assert ids.tolist() == ["act2_1734928", "act1_3e+05", "act2_7"]


def test_types_become_categories_in_the_order_of_their_numbers_and_0_becomes_null() -> None:
    printed = print_types(np.array([76, 0, 3, 76]))
    assert printed.categories.tolist() == ["type 3", "type 76"]
    assert printed.codes.tolist() == [1, -1, 0, 1]


def test_only_days_that_occur_become_categories() -> None:
    printed = print_days(np.array([2, 0, 2]), pd.date_range("2022-07-17", periods=4))
    assert printed.tolist() == ["2022-07-19", "2022-07-17", "2022-07-19"]
    assert printed.categories.tolist() == ["2022-07-17", "2022-07-19"]
