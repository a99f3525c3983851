"""A value is valid or not, and read as the same, wherever it stands: in a column, alone, in a request."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebook.column_types.invalid_values import find_invalid, find_invalid_values
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.column_types.parsing import InvalidTableError, convert
from casebook.inference.fast_rows import FastRows
from casebook.preprocessing.tabular import TabularPreprocessor
from casebook.serving.requests import BadRequestError, RowsRequest

KINDS = sorted({*COLUMN_TYPES, "number:,", 'ordinal:["1", "12"]', "date:%b-%Y"})
# Of each test; what is drawn is checked for every kind, since drawing takes longer than checking.
EXAMPLES = 60
TABULAR = ["date", "flag", "number", "text"]
# The pieces that dates, numbers and flags are written with, and what looks like them.
PIECES = ["0", "1", "9", "12", "2023", "-", "+", ".", ",", "e", "E", "_", " ", "\t", "\n", "T", ":", "Z", "true",
          "FALSE", "nan", "inf", "0x", "\u0661", "\xa0", "None", "yes"]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.from_regex(r"\s?\d{1,4}-\d{1,2}-\d{1,2}([T ]\d\d(:\d\d)?(Z|\+\d\d:?\d\d)?)?\s?", fullmatch=True),
    st.from_regex(r"\s?[+-]?\d{0,3}\.?\d{0,20}([eE][+-]?\d{1,3})?\s?", fullmatch=True),
    st.sampled_from(["1.0", "0.0", " TRUE ", "false", "2023-8-6", "2023-02-29", "0000-01-01", "9999-12-31"]),
    st.text(max_size=6),
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(-3, 3), st.integers(-3, 3).map(float))
JSON_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXTS,
    st.lists(st.lists(NUMBERS | TEXTS, max_size=2), max_size=2),
    st.dictionaries(st.just("a"), st.integers(), max_size=1),
)
VALUES = JSON_VALUES | st.one_of(
    st.dates(),
    st.datetimes(),
    st.just(pd.NaT),
    st.just(pd.NA),
    st.integers(-3, 300).map(np.int64),
    st.floats().map(np.float64),
    st.floats(width=32).map(np.float32),
    st.booleans().map(np.bool_),
    st.decimals(),
    st.just(np.zeros((2, 2), np.uint8)),
    st.just(np.array([[0.0, 256.0]])),
)
# A value of every kind: whatever stands beside it must not change how another is read.
BESIDE = {
    "date": "2023-08-26", "flag": "1", "number": 1, "string": "a", "text": 1, "image": [[1]], "label": 1, "integer": 1,
    "boolean": "yes", "category": 1, "id": 1, "datetime": "2023-08-26 14:30", "free_text": "a", "any": "a",
    "number:,": "1,5", 'ordinal:["1", "12"]': 1, "date:%b-%Y": "Mar-2018",
}  # fmt: skip


def same(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Compare plain values: any null is any other."""
    if one is other:
        return True
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if one is None or other is None or one is pd.NaT or (isinstance(one, float) and isnan(one)):
        return pd.isna(one) and pd.isna(other)
    if isinstance(one, pd.Timestamp) and not isinstance(other, datetime):
        one = one.date()
    return one == other


def parse(column: pd.Series, kind: Any) -> list[Any] | None:  # noqa: ANN401
    try:
        return convert(column.rename("a"), kind, "t").tolist()
    except InvalidTableError:
        return None


def column_of(values: list[Any]) -> pd.Series:
    cells = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        cells[place] = value
    return pd.Series(cells, dtype=object)


def check_value(kind: Any, value: Any) -> None:  # noqa: ANN401
    valid = COLUMN_TYPES[kind].accepts(value)
    beside = BESIDE[kind]
    assert (find_invalid_values(pd.DataFrame({"a": column_of([value])}), {"a": kind}) == []) == valid
    for values in ([value], [beside, value], [value, beside, value]):
        assert (list(find_invalid("a", kind, values)) == []) == valid
        parsed = parse(column_of(values), kind)
        assert (parsed is not None) == valid
        if parsed is not None and kind != "string":
            assert all(map(same, parsed, map(COLUMN_TYPES[kind].parse_value, values)))


@given(value=VALUES)
@settings(max_examples=EXAMPLES)
def test_a_column_takes_a_value_exactly_if_it_is_valid_and_reads_it_alike(value: Any) -> None:  # noqa: ANN401
    for kind in KINDS:
        check_value(kind, value)


def check_texts(kind: Any, texts: list[str | None], columns: list[pd.Series]) -> None:  # noqa: ANN401
    accepted = [COLUMN_TYPES[kind].accepts(text) for text in texts]
    for column in columns:
        found = [fault.row for fault in find_invalid_values(pd.DataFrame({"a": column}), {"a": kind})]
        assert found == [row for row, fits in enumerate(accepted) if not fits]
        parsed = parse(column, kind)
        assert (parsed is not None) == all(accepted)
        if parsed is not None:
            assert all(map(same, parsed, map(COLUMN_TYPES[kind].parse_value, texts)))


@given(texts=st.lists(st.none() | TEXTS, min_size=1, max_size=4))
@settings(max_examples=EXAMPLES)
def test_texts_of_a_file_are_read_like_single_ones(texts: list[str | None]) -> None:
    columns = [pd.Series(texts, dtype=dtype) for dtype in ("category", "str", object)]
    for kind in KINDS:
        check_texts(kind, texts, columns)


def check_request(kind: Any, values: list[Any]) -> None:  # noqa: ANN401
    valid = all(map(COLUMN_TYPES[kind].accepts, values))
    try:
        table = RowsRequest({"a": values}, {"a": kind}).to_table()
    except BadRequestError:
        assert not valid
        return
    assert valid
    assert all(map(same, parse(table["a"], kind), map(COLUMN_TYPES[kind].parse_value, values)))


@given(values=st.lists(JSON_VALUES, min_size=1, max_size=3))
@settings(max_examples=EXAMPLES)
def test_a_request_takes_values_exactly_if_all_are_valid_and_reads_them_alike(values: list[Any]) -> None:
    for kind in KINDS:
        check_request(kind, values)


@given(values=st.lists(JSON_VALUES, min_size=1, max_size=3))
@settings(max_examples=EXAMPLES)
def test_fast_rows_take_values_exactly_if_all_are_valid(values: list[Any]) -> None:
    for kind in TABULAR:
        prepared = FastRows({"a": kind}, set(), {}, {}, TabularPreprocessor([], "none")).prepare({"a": values})
        assert (prepared is not None) == all(map(COLUMN_TYPES[kind].accepts, values)), kind


@pytest.mark.parametrize(
    ("kind", "value", "parsed"),
    [
        ("date", "2023-8-6", date(2023, 8, 6)),
        ("date", " 2023-08-26\n", date(2023, 8, 26)),
        ("date", "2023-12-3 ", date(2023, 12, 3)),
        ("date", "2023-08-26T00:15:00+02:00", date(2023, 8, 26)),
        ("date", np.nan, None),
        ("flag", " TRUE", True),
        ("flag", 0.0, False),
        ("number", "1.0", 1.0),
        ("number", " -.5e1 ", -5.0),
        ("number", Decimal("1.5"), 1.5),
        ("number", 2**53 + 1, float(2**53 + 1)),
        ("number", None, nan),
        ("text", "1.0", "1.0"),
        ("text", 1.0, "1"),
        ("text", -3, "-3"),
        ("string", " a ", " a "),
    ],
)
def test_a_value_is_parsed_as_the_decision_says(kind: Any, value: object, parsed: object) -> None:  # noqa: ANN401
    found = COLUMN_TYPES[kind].parse_value(value)
    assert type(found) is type(parsed)
    assert same(found, parsed)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "2023/08/26"),
        ("date", "26-08-2023"),
        ("date", "2023-08-26x"),
        ("date", "2023-W1-11"),
        ("date", "2023-08-2\u0661"),
        ("flag", "yes"),
        ("flag", 2),
        ("number", True),
        ("number", "1,5"),
        ("number", "1_000"),
        ("number", "inf"),
        ("number", 10**400),
        ("text", True),
        ("text", 0.5),
        ("string", None),
        ("image", [[0, 1], [2]]),
        ("image", [[0, 256]]),
        ("image", [[0, 0.5]]),
        ("image", None),
    ],
)
def test_a_value_is_refused_as_the_decision_says(kind: Any, value: object) -> None:  # noqa: ANN401
    assert not COLUMN_TYPES[kind].accepts(value)


def test_every_kind_describes_itself() -> None:
    # Those that are read by something, as number:, or lie in a range are made when they are asked for.
    assert {kind: of.json_schema["type"] for kind, of in COLUMN_TYPES.items() if kind.isidentifier()} == {
        "text": ["string", "null"],
        "date": ["string", "null"],
        "flag": ["boolean", "null"],
        "number": ["number", "null"],
        "label": ["integer", "null"],
        "string": "string",
        "image": "array",
        "integer": ["integer", "null"],
        "boolean": ["boolean", "string", "integer", "null"],
        "category": ["string", "number", "boolean", "null"],
        "id": ["string", "number", "boolean", "null"],
        "datetime": ["string", "null"],
        "free_text": ["string", "null"],
        "any": ["string", "number", "boolean", "null"],
    }
    for described in COLUMN_TYPES.values():
        assert described.nullable == ("null" in described.json_schema["type"])
        assert described.nullable == described.accepts(None)
