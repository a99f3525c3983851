"""Numbers as people write them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.preprocessing.quantities import match_quantity, parse_quantities, parse_quantity


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("$1,234.50", 1234.5, ""), ("US$ 7", 7, ""), ("12.5 %", 12.5, "%"), ("-$3", -3, ""), ("<18", 18, ""),
        ("1,234,567", 1_234_567, ""), (" 3.5 km ", 3.5, "km"), ("-2", -2, ""), ("€0.05", 0.05, ""), ("10+", 10, "+"),
    ],
)  # fmt: skip
def test_a_number_is_found_among_its_signs(text: str, number: float, unit: str) -> None:
    assert match_quantity(text, ".") == (number, unit)


@pytest.mark.parametrize(("text", "number"), [("1.234,50 €", 1234.5), ("5,0 %", 5.0), ("12", 12.0)])
def test_a_decimal_comma_is_read_as_declared(text: str, number: float) -> None:
    assert parse_quantity(text, ",") == number


@pytest.mark.parametrize(
    "text", ["", "n/a", "18-29", "CL-0001", "1,23", "2024-01-05", "1.2.3", "12:30", "type 76", "A1"]
)
def test_other_texts_hold_no_number(text: str) -> None:
    assert match_quantity(text, ".") is None


def test_a_column_is_parsed_as_its_values_alone() -> None:
    texts = ["$1,000", "7%", None, "none", "7%"]
    column = pd.Series(pd.Categorical(texts), index=[3, 1, 4, 9, 5])
    parsed = parse_quantities(column, ".")
    np.testing.assert_array_equal(parsed, [parse_quantity(text, ".") for text in texts])
    assert parsed.index.tolist() == [3, 1, 4, 9, 5]
    assert column.tolist()[0] == "$1,000"
