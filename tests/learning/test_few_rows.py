"""A few rows, value by value: the same arrays as by tables, or left to them."""

from datetime import date
from importlib import import_module
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.learning.columns import conform_table
from casebook.learning.features import DATE_PARTS, date_parts, day_parts, number_in, number_of
from casebook.learning.few_rows import FEW, FewRows
from casebook.learning.preparation import prepare_rows
from casebook.learning.serving import RowModel, raw_form
from casebook.pipelines.redhat.columns import RAW_ROW
from casebook.pipelines.redhat.features import engineer_features, engineer_row


@pytest.fixture(scope="module")
def few(redhat_model: Any) -> FewRows:  # noqa: ANN401
    return FewRows(RAW_ROW, {"people_char_38"}, engineer_row, redhat_model.package.preparation)


@pytest.fixture
def rows(redhat_model: Any) -> pd.DataFrame:  # noqa: ANN401
    return redhat_model.raw_rows


def by_table(rows: pd.DataFrame, preparation: Any) -> dict[str, np.ndarray]:  # noqa: ANN401
    return prepare_rows(engineer_features(conform_table(rows, RAW_ROW, "a row")), preparation)


def check(few: FewRows, rows: pd.DataFrame, preparation: Any) -> None:  # noqa: ANN401
    found, expected = few.prepare(rows), by_table(rows, preparation)
    assert found is not None
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(found[name], values)


def test_rows_are_prepared_as_by_tables(few: FewRows, redhat_model: Any, rows: pd.DataFrame) -> None:  # noqa: ANN401
    for start in range(0, len(rows), 13):
        check(few, rows.iloc[start : start + 13], redhat_model.package.preparation)
    check(few, rows[rows.columns[::-1]].head(2), redhat_model.package.preparation)


@pytest.mark.parametrize("column", list(RAW_ROW))
def test_nulls_and_unknown_values_are_prepared_as_by_tables(
    few: FewRows,
    redhat_model: Any,  # noqa: ANN401
    rows: pd.DataFrame,
    column: str,
) -> None:
    known = rows.head(1).astype(object)
    unknown = {"text": "type 987654", "date": "1999-12-31 10:00", "flag": "0", "number": -7.5}[RAW_ROW[column]]
    for value in (None, nan, unknown):
        check(few, known.assign(**{column: [value]}), redhat_model.package.preparation)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("date", "2023-8-26"),
        ("date", "2023-02-30"),
        ("date", pd.Timestamp("2023-08-26")),
        ("people_char_1", 2),
        ("people_char_10", "yes"),
        ("people_char_38", "7"),
        ("people_char_38", True),
        ("people_char_38", np.inf),
        ("people_char_38", 2**53),
    ],
)
def test_an_unusual_value_is_left_to_the_table(few: FewRows, rows: pd.DataFrame, column: str, value: object) -> None:
    assert few.prepare(rows.head(2)) is not None
    other = rows.head(2).astype(object)
    other[column] = pd.Series([value, rows[column].iloc[1]], index=other.index, dtype=object)
    assert few.prepare(other) is None


def test_other_columns_and_many_or_no_rows_are_left_to_the_table(few: FewRows, rows: pd.DataFrame) -> None:
    assert few.prepare(rows.head(FEW)) is not None
    assert few.prepare(rows.head(FEW + 1)) is None
    assert few.prepare(rows.head(0)) is None
    assert few.prepare(rows.head(1).assign(outcome=1)) is None
    assert few.prepare(rows.head(1).drop(columns="people_char_1")) is None
    assert few.prepare(rows.head(1).iloc[:, [0, *range(len(RAW_ROW))]]) is None


def test_a_row_that_lacks_what_may_be_lacking_is_prepared_where_nothing_is_made_of_it(redhat_model: Any) -> None:  # noqa: ANN401
    def engineer(values: dict[str, Any]) -> dict[str, Any]:
        return {"people_char_38": nan, **engineer_row(values)}

    rows = redhat_model.raw_rows.head(2).drop(columns="people_char_38")
    few = FewRows(RAW_ROW, {"people_char_38"}, engineer, redhat_model.package.preparation)
    assert few.prepare(rows) is not None
    lacking = FewRows(RAW_ROW, {"people_char_38"}, engineer_row, redhat_model.package.preparation)
    assert lacking.prepare(rows) is None


def test_a_model_takes_the_short_way_and_says_the_same(redhat_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    package = redhat_model.package
    facts = {"case": "redhat", "task": "binary", "threshold": 0.5, "columns": list(RAW_ROW)}
    seen: list[dict[str, np.ndarray]] = []
    model = RowModel(facts, package.preparation, lambda arrays: seen.append(arrays) or np.zeros(len(arrays["codes"])))
    rows = redhat_model.raw_rows.head(3)
    model.predict(rows)
    monkeypatch.setattr(model.few, "prepare", lambda _: None)
    model.predict(rows)
    for name in seen[0]:
        np.testing.assert_array_equal(seen[0][name], seen[1][name])


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
    parts, single = date_parts(column, "x"), day_parts(day, "x")
    assert list(single) == list(parts) == [f"x_{name}" for name in DATE_PARTS]
    np.testing.assert_array_equal([float(v) for v in single.values()], [float(v.iloc[0]) for v in parts.values()])


def test_a_text_case_has_no_short_way() -> None:
    features = import_module("casebook.pipelines.imdb.features")
    assert not hasattr(features, "engineer_row")
    assert list(raw_form(pd.DataFrame({"text": ["a"]}))) == ["text"]
