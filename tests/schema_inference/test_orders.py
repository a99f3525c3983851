"""Categories with an order."""

from __future__ import annotations

import pytest

from casebook.schema_inference.orders import SCALES, find_order


@pytest.mark.parametrize(
    ("labels", "name", "why"),
    [
        (["1. Never Married", "2. Married", "3. Widowed"], "maritl", "numbered"),
        (["1_Good", "2_Fair", "3_Poor"], "condition", "numbered"),
        (["<18", "18-24", "25-34", "65+"], "age", "ranges"),
        (["under $10,000", "$10,000 - $20,000", "$20,000 or more"], "income", "ranges"),
        (["< 1 year", "1 year", "2 years", "10+ years"], "emp_length", "ranges"),
        (["1-9km/h", "10-24", "25-39", "55+"], "dvcat", "ranges"),
        (["lt $1000", "$1000 to 2999", "$3000 - 4999", "$25000 or more"], "income", "ranges"),
        (["0s", "10s", "20s", "100s"], "age", "ranges"),
        (["<30 mph", "30-39 mph", "ge 40 mph"], "speed", "ranges"),
        (["Fair", "Good", "Very Good", "Premium", "Ideal"], "cut", "words of a scale"),
        (["Very_Poor", "Poor", "Below_Average", "Average", "Above_Average"], "cond", "words of a scale"),
        (["Low", "Medium", "High", "Very_High"], "satisfaction", "words of a scale"),
        (["S", "M", "L", "XL"], "size", "words of a scale"),
        (["never", "sometimes", "often"], "smokes", "words of a scale"),
        (["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"], "q1", "words of a scale"),
        (["A", "B", "C", "D"], "grade", "grades"),
        (["Much worse", "worse", "average", "better", "Much better"], "reliability", "words of a scale"),
        (["Too Little", "About Right", "Too Much"], "poverty", "words of a scale"),
        (["not", "notvery", "somewhat", "very"], "importance", "words of a scale"),
        (["AsstProf", "AssocProf", "Prof"], "rank", "words of a scale"),
        (["D", "E", "F", "G"], "color", "grades"),
    ],
)
def test_labels_are_put_in_order(labels: list[str], name: str, why: str) -> None:
    assert find_order(labels[::-1], name) == (labels, why)


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (["Adelie", "Chinstrap", "Gentoo"], "species"),
        (["good", "bad"], "status"),
        (["Good", "Typical", "No_Basement"], "basement"),
        (["A", "B", "C", "D"], "room"),
        (["A", "B", "D", "E"], "grade"),
        (["low", "little", "high"], "level"),
        (["10", "x", "30"], "age"),
        (["5h", "6h/x", "7h"], "plan"),
        (["1s2", "2s2", "2p6"], "orbital"),
        (["Jan", "Feb", "Mar"], "month"),
    ],
)
def test_labels_without_an_order_stay_categories(labels: list[str], name: str) -> None:
    assert find_order(labels, name) == ([], "")


def test_grades_that_are_missing_between_others_are_listed_too() -> None:
    assert find_order(["B1", "A2", "A1", "D1"], "sub_grade")[0] == ["A1", "A2", "B1", "B2", "C1", "C2", "D1", "D2"]


def test_no_word_stands_in_two_levels_of_a_scale() -> None:
    for scale in SCALES:
        words = [word.strip() for level in scale.split("|") for word in level.split(",")]
        assert len(words) == len(set(words)), scale
