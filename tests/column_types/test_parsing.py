from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.column_types.parsing import InvalidTableError, conform_table, convert, distinct, spread

KINDS = {"name": "text", "day": "date", "open": "flag", "size": "number"}


def make_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": ["3", "10", "-1"],
            "open": ["True", "false", "1"],
            "day": ["2022-07-20", "2023-01-01", "2022-07-20"],
            "name": pd.Categorical(["b", "a", None]),
        }
    )


def test_a_raw_table_gets_its_declared_types_in_the_declared_order() -> None:
    expected = pd.DataFrame(
        {
            "name": pd.Categorical(["b", "a", None]),
            "day": pd.array(["2022-07-20", "2023-01-01", "2022-07-20"], dtype="datetime64[s]"),
            "open": [True, False, True],
            "size": [3, 10, -1],
        }
    )
    pd.testing.assert_frame_equal(conform_table(make_table(), KINDS, "t.csv"), expected)


def test_typing_leaves_the_raw_table_as_it_was() -> None:
    table = make_table()
    conform_table(table, KINDS, "t.csv")
    pd.testing.assert_frame_equal(table, make_table())


def test_typing_a_typed_table_again_changes_nothing() -> None:
    typed = conform_table(make_table(), KINDS, "t.csv")
    pd.testing.assert_frame_equal(conform_table(typed, KINDS, "t.csv"), typed)


def test_the_rows_keep_their_labels() -> None:
    table = make_table().set_axis(["x", "x", "y"])
    assert conform_table(table, KINDS, "t.csv").index.tolist() == ["x", "x", "y"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (make_table().drop(columns="day"), "t.csv lacks the column day; it has size, open, name"),
        (make_table().drop(columns=["day", "size"]), "t.csv lacks the columns day, size; it has open, name"),
        (make_table().assign(owner="x"), "t.csv has columns that nothing is known of: owner; remove them"),
        (make_table().head(0), "t.csv has a header but no rows; put the complete file there"),
        (
            make_table().assign(day=["2022-07-20", "soon", "soon"]),
            "t.csv, column day: 'soon' is not a date like 2023-08-26 (2 of 3 rows, first in data row 2); mend the file",
        ),
        (
            make_table().assign(open=["True", "no", "False"]),
            "t.csv, column open: 'no' is not true or false (1 of 3 rows, first in data row 2); mend the file",
        ),
        (
            make_table().assign(size=["1", "2", "three"]),
            "t.csv, column size: 'three' is not a number (1 of 3 rows, first in data row 3); mend the file",
        ),
    ],
)
def test_a_wrong_table_is_refused_by_its_name_column_value_and_row(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        conform_table(table, KINDS, "t.csv")
    assert str(caught.value) == message


@pytest.mark.parametrize("column", [pd.Series([7, 5, 7]), pd.Series([5, "a", None], dtype=object)])
def test_texts_become_categories_whatever_they_were(column: pd.Series) -> None:
    result = convert(column, "text", "t")
    assert isinstance(result.dtype, pd.CategoricalDtype)
    assert result.astype(object).where(result.notna(), None).tolist() == [
        None if value is None else str(value) for value in column
    ]


def test_strings_that_differ_in_every_row_stay_strings() -> None:
    column = pd.Series(["act1_1", "act1_2"], dtype="str")
    pd.testing.assert_series_equal(convert(column, "text", "t"), column)


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("kind", ["text", "date", "flag", "number"])
def test_a_column_of_nothing_but_nulls_stays_so(kind: str, missing: float | None) -> None:
    result = convert(pd.Series([missing, missing], dtype=object), kind, "t")
    assert result.isna().tolist() == [True, True]


def test_dates_with_nulls_keep_them() -> None:
    expected = pd.Series(["2022-07-20", None], dtype="datetime64[s]")
    pd.testing.assert_series_equal(convert(pd.Series(["2022-07-20", None]), "date", "t"), expected)


@pytest.mark.parametrize(
    "written",
    [
        ["2022-07-20 23:45:00", "2022-07-20"],
        ["2022-07-20T00:15:00+02:00", "2022-07-20T23:45:00Z"],
        pd.to_datetime(["2022-07-20 23:45:00", "2022-07-20"], format="ISO8601"),
        [datetime(2022, 7, 20, 23, tzinfo=UTC), datetime(2022, 7, 20, 1, tzinfo=UTC)],
    ],
)
def test_the_day_is_the_one_that_was_written_and_its_time_is_dropped(written: list) -> None:
    expected = pd.Series(["2022-07-20", "2022-07-20"], dtype="datetime64[s]")
    pd.testing.assert_series_equal(convert(pd.Series(written), "date", "t"), expected)


@pytest.mark.parametrize("wrong", ["2022", "20/07/2022", "2022-02-30", 20220720])
def test_what_is_no_day_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidTableError, match="is not a date like 2023-08-26"):
        convert(pd.Series(["2022-07-20", wrong], dtype=object), "date", "t")


def test_flags_are_read_from_every_way_of_writing_them() -> None:
    written = ["True", "false", " TRUE ", "0", "1.0", True, 0, 1.0]
    result = convert(pd.Series(written, dtype=object), "flag", "t")
    assert result.dtype == bool
    assert result.tolist() == [True, False, True, False, True, True, False, True]


def test_flags_with_nulls_hold_none() -> None:
    expected = pd.Series([True, None, False], dtype=object, name="open")
    for values in (["True", None, "0"], [True, None, False]):
        column = pd.Series(values, dtype=object, name="open")
        pd.testing.assert_series_equal(convert(column, "flag", "t"), expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["1", "2.0"], np.array([1, 2])),
        (["1", "2.5"], np.array([1, 2.5])),
        (["1", None], np.array([1, np.nan])),
        ([1.0, 7.0], np.array([1, 7])),
        (["1", "1e300"], np.array([1, 1e300])),
        (pd.Categorical(["1", "2"], categories=["1", "2", "x", "0.5"]), np.array([1, 2])),
    ],
)
def test_numbers_are_whole_where_all_are_and_none_is_missing(written: list, expected: np.ndarray) -> None:
    pd.testing.assert_series_equal(convert(pd.Series(written), "number", "t"), pd.Series(expected))


@pytest.mark.parametrize("wrong", ["1,5", "inf", "-Infinity"])
def test_what_is_no_finite_number_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidTableError, match=f"column size: '{wrong}' is not a number"):
        convert(pd.Series(["1", wrong], name="size"), "number", "t")


def test_wrong_values_that_are_typed_are_named_as_they_would_be_written() -> None:
    with pytest.raises(InvalidTableError, match="column open: '5' is not true or false"):
        convert(pd.Series([1, 5], name="open"), "flag", "a row")


@given(st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "c"])), min_size=1))
def test_codes_and_values_give_the_column_back(values: list[str | None]) -> None:
    for column in (pd.Series(values, dtype=object), pd.Series(pd.Categorical(values, categories=["c", "b", "a"]))):
        codes, found = distinct(column)
        assert spread(codes, found.to_numpy(object), None).tolist() == values
