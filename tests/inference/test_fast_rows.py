"""Rows value by value: the same arrays as by tables, or left to them."""

from datetime import date
from importlib import import_module
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.library_fixtures import ingest_redhat

from casebook.column_types.parsing import conform_table
from casebook.inference.fast_rows import MAX_FAST_ROWS, FastRows
from casebook.inference.row_model import RowModel, to_raw_values
from casebook.preprocessing.feature_functions import DATE_PARTS, number_in, number_of
from casebook.preprocessing.registered_functions import FUNCTIONS, parts_of_date
from casebook.preprocessing.tabular import prepare_rows

SCHEMA = ingest_redhat()[1]
RAW_ROW = SCHEMA.columns
VALUE_FEATURES = SCHEMA.value_features or {}
SOURCES = {feature: raw for feature, (raw,) in SCHEMA.sources.items()}
UNKNOWN = {
    "category": "type 987654", "id": "act9_1", "date": "1999-12-31 10:00", "boolean": "0", "number": -7.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(redhat_model: Any) -> FastRows:  # noqa: ANN401
    return FastRows(RAW_ROW, {"people_char_38"}, SOURCES, VALUE_FEATURES, redhat_model.package.preprocessor)


@pytest.fixture
def rows(redhat_model: Any) -> pd.DataFrame:  # noqa: ANN401
    return redhat_model.raw_rows


def by_table(rows: pd.DataFrame, preprocessor: Any) -> dict[str, np.ndarray]:  # noqa: ANN401
    return prepare_rows(SCHEMA.engineer_features(conform_table(rows, RAW_ROW, "a row")), preprocessor)


def check(plain: FastRows, rows: pd.DataFrame, preprocessor: Any) -> None:  # noqa: ANN401
    found, expected = plain.prepare_table(rows), by_table(rows, preprocessor)
    assert found is not None
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(found[name], values)


def test_rows_are_prepared_as_by_tables(plain: FastRows, redhat_model: Any, rows: pd.DataFrame) -> None:  # noqa: ANN401
    for start in range(0, len(rows), 13):
        check(plain, rows.iloc[start : start + 13], redhat_model.package.preprocessor)
    check(plain, rows[rows.columns[::-1]].head(2), redhat_model.package.preprocessor)


@pytest.mark.parametrize("column", list(RAW_ROW))
def test_nulls_and_unknown_values_are_prepared_as_by_tables(
    plain: FastRows,
    redhat_model: Any,  # noqa: ANN401
    rows: pd.DataFrame,
    column: str,
) -> None:
    known = rows.head(1).astype(object)
    for value in (None, nan, UNKNOWN[RAW_ROW[column]]):
        check(plain, known.assign(**{column: [value]}), redhat_model.package.preprocessor)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("date", "2023-02-30"),
        ("people_char_1", True),
        ("people_char_1", ["type 1"]),
        ("people_char_10", "maybe"),
        ("people_char_38", "x"),
        ("people_char_38", True),
        ("people_char_38", np.inf),
    ],
)
def test_an_invalid_value_is_left_to_the_table(plain: FastRows, rows: pd.DataFrame, column: str, value: object) -> None:
    assert plain.prepare_table(rows.head(2)) is not None
    other = rows.head(2).astype(object)
    other[column] = pd.Series([value, rows[column].iloc[1]], index=other.index, dtype=object)
    assert plain.prepare_table(other) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("date", "2023-8-26"),
        ("date", pd.Timestamp("2023-08-26")),
        ("people_char_1", 2),
        ("people_char_10", " TRUE"),
        ("people_char_38", " 7.0"),
        ("people_char_38", 2**53),
    ],
)
def test_other_spellings_are_prepared_as_by_tables(
    plain: FastRows,
    redhat_model: Any,  # noqa: ANN401
    rows: pd.DataFrame,
    column: str,
    value: object,
) -> None:
    other = rows.head(2).astype(object)
    other[column] = pd.Series([value, rows[column].iloc[1]], index=other.index, dtype=object)
    check(plain, other, redhat_model.package.preprocessor)


def test_other_columns_and_many_or_no_rows_of_a_table_are_left_to_it(plain: FastRows, rows: pd.DataFrame) -> None:
    assert plain.prepare_table(rows.head(MAX_FAST_ROWS)) is not None
    assert plain.prepare_table(rows.head(MAX_FAST_ROWS + 1)) is None
    assert plain.prepare_table(rows.head(0)) is None
    assert plain.prepare_table(rows.head(1).assign(outcome=1)) is None
    assert plain.prepare_table(rows.head(1).drop(columns="people_char_1")) is None
    assert plain.prepare_table(rows.head(1).iloc[:, [0, *range(len(RAW_ROW))]]) is None


@pytest.mark.parametrize("count", [1, MAX_FAST_ROWS, MAX_FAST_ROWS + 1])
def test_columns_are_prepared_as_by_tables_whether_values_or_distinct_values_are_worked_on(
    plain: FastRows,
    redhat_model: Any,  # noqa: ANN401
    rows: pd.DataFrame,
    count: int,
) -> None:
    some = rows.head(count).astype(object)
    for value in (None, UNKNOWN):
        head = {name: UNKNOWN[kind] if value else None for name, kind in RAW_ROW.items()}
        table = pd.concat([pd.DataFrame([head], dtype=object), some], ignore_index=True)
        columns = {name: table[name].where(table[name].notna(), None).tolist() for name in RAW_ROW}
        found, expected = plain.prepare(columns), by_table(table, redhat_model.package.preprocessor)
        assert found is not None
        for name, values in expected.items():
            assert found[name].dtype == values.dtype
            np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("count", [2, MAX_FAST_ROWS + 4])
@pytest.mark.parametrize(
    ("column", "value"),
    [("people_char_38", True), ("people_char_38", "x"), ("date", "2023-02-30"), ("people_char_1", ["type 1"])],
)
def test_columns_with_an_invalid_value_are_left_to_the_table(
    plain: FastRows, rows: pd.DataFrame, column: str, value: object, count: int
) -> None:
    columns = {name: rows[name].head(count).tolist() for name in RAW_ROW}
    columns["people_char_38"][0] = 1
    assert plain.prepare(columns) is not None
    columns[column][1] = value
    assert plain.prepare(columns) is None


def test_columns_without_rows_or_with_others_are_left_to_the_table(plain: FastRows, rows: pd.DataFrame) -> None:
    columns = {name: rows[name].tolist() for name in RAW_ROW}
    assert plain.prepare(columns) is not None
    assert plain.prepare({name: [] for name in RAW_ROW}) is None
    assert plain.prepare({}) is None
    assert plain.prepare({**columns, "outcome": columns["date"]}) is None
    assert plain.prepare({name: values for name, values in columns.items() if name != "date"}) is None


@pytest.mark.parametrize("count", [2, MAX_FAST_ROWS + 4])
def test_a_column_may_be_lacking_where_nothing_is_made_of_it(redhat_model: Any, count: int) -> None:  # noqa: ANN401
    preprocessor = redhat_model.package.preprocessor
    columns = {name: redhat_model.raw_rows[name].head(count).tolist() for name in RAW_ROW}
    for name, unused in (("char_1", True), ("people_char_38", False)):
        plain = FastRows(RAW_ROW, {name}, SOURCES, VALUE_FEATURES, preprocessor)
        assert plain.prepare(columns) is not None
        lacking = {other: values for other, values in columns.items() if other != name}
        assert (plain.prepare(lacking) is not None) == unused


def test_a_model_takes_the_short_ways_and_says_the_same(redhat_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    package = redhat_model.package
    facts = {
        "case": "redhat",
        "task": "binary",
        "threshold": 0.5,
        "columns": list(RAW_ROW),
        "row_schema": SCHEMA.to_dict(),
    }
    seen: list[dict[str, np.ndarray]] = []
    model = RowModel(facts, package.preprocessor, lambda arrays: seen.append(arrays) or np.zeros(len(arrays["codes"])))
    rows = redhat_model.raw_rows.head(3)
    assert model.predict(rows)["class"].tolist() == [0, 0, 0]
    answered = model.predict_plain({name: rows[name].tolist() for name in rows}, threshold=0.0)
    assert {name: values.tolist() for name, values in answered.items()} == {"probability": [0] * 3, "class": [1] * 3}
    monkeypatch.setattr(model.plain, "prepare", lambda _: None)
    model.predict(rows)
    assert model.predict_plain({name: rows[name].tolist() for name in rows}) is None
    for name in seen[0]:
        np.testing.assert_array_equal(seen[0][name], seen[1][name])
        np.testing.assert_array_equal(seen[0][name], seen[2][name])


TEXTS = st.one_of(
    st.none(),
    st.from_regex(r"(act\d|ppl|type|x y)?[ _]?[0-9.e+-]{0,8}", fullmatch=True),
    st.text(max_size=12),
)


@given(TEXTS)
def test_the_number_of_one_text_is_that_of_a_column(text: str | None) -> None:
    column = number_in(pd.Series([text, "a 1"], dtype=object))
    single = number_of(text)
    assert single == column.iloc[0] or (isnan(single) and isnan(column.iloc[0]))


@given(st.one_of(st.none(), st.dates(date(1, 1, 1), date(9999, 12, 31))))
def test_the_parts_of_one_day_are_those_of_a_column(day: date | None) -> None:
    column = pd.Series(np.array([np.datetime64(day, "s") if day else np.datetime64("NaT")], dtype="datetime64[s]"))
    function = FUNCTIONS["date_part"]
    assert function.of_values is not None
    parts = parts_of_date(column, [{"part": part} for part in DATE_PARTS])
    single = [function.of_values(day, part=part) for part in DATE_PARTS]
    np.testing.assert_array_equal(single, [float(values.iloc[0]) for values in parts])


def test_a_text_case_has_no_short_way() -> None:
    features = import_module("casebook.pipelines.imdb.features")
    assert not hasattr(features, "VALUE_FEATURES")
    assert list(to_raw_values(pd.DataFrame({"text": ["a"]}))) == ["text"]
