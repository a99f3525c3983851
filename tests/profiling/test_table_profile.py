import numpy as np
import pandas as pd
import pytest
from tests.profiling.tables import make_table

from casebook.profiling.table_profile import MAX_CATEGORIES, average_target, summarize_columns


def average(table: pd.DataFrame, target: pd.Series | None = None) -> pd.DataFrame:
    return average_target(table, summarize_columns(table), target)


def test_columns_are_summarized_exactly() -> None:
    profile = summarize_columns(make_table()).set_index("column")
    assert profile.index.tolist() == ["person", "kind", "day", "flag", "number", "empty"]
    assert profile["dtype"].tolist() == ["str", "category", "datetime64[us]", "bool", "float64", "object"]
    assert profile["rows"].tolist() == [4] * 6
    assert profile["nulls"].tolist() == [0, 1, 1, 0, 1, 4]
    assert profile["null_share"].tolist() == [0, 0.25, 0.25, 0, 0.25, 1]
    assert profile["distinct"].tolist() == [4, 2, 2, 2, 2, 0]
    assert profile["minimum"].tolist()[:5] == ["ppl_1", "a", "2023-01-01", "False", "1.5"]
    assert profile["maximum"].tolist()[:5] == ["ppl_4", "b", "2023-01-03", "True", "2.5"]
    assert profile["mean"].dropna().to_dict() == pytest.approx({"flag": 0.75, "number": 5.5 / 3})
    assert profile["most_frequent"].tolist()[1:5] == ["b", "2023-01-03", "True", "1.5"]
    assert profile["most_frequent_share"].tolist()[1:5] == [0.5, 0.5, 0.75, 0.5]
    assert profile.loc["empty"].drop(["dtype", "rows", "nulls", "null_share", "distinct"]).isna().all()


def test_mixed_objects_are_summarized_as_text() -> None:
    row = summarize_columns(pd.DataFrame({"mixed": pd.Series([1, "a", None], dtype=object)})).iloc[0]
    assert (row["distinct"], row["minimum"], row["maximum"]) == (2, "1", "a")


def test_of_images_only_the_nulls_are_counted() -> None:
    images = pd.Series([None, np.zeros((2, 2)), np.ones((2, 2))], dtype=object)
    profile = summarize_columns(pd.DataFrame({"image": images, "digit": [1, 1, 2]})).set_index("column")
    assert profile.loc["image", ["dtype", "rows", "nulls"]].tolist() == ["array", 3, 1]
    assert profile.loc["image", ["distinct", "minimum", "mean"]].isna().all()
    assert average(pd.DataFrame({"image": images, "digit": [1, 1, 2]}))["column"].unique().tolist() == ["digit"]


def test_long_texts_are_cut_but_counted_whole() -> None:
    row = summarize_columns(pd.DataFrame({"text": ["a" * 100 + "b", "a" * 100 + "c"]})).iloc[0]
    assert (row["distinct"], row["maximum"]) == (2, "a" * 79 + "…")


def test_categories_have_rows_shares_and_mean_target_with_nulls_last() -> None:
    target = pd.Series([1.0, 0.0, 1.0, np.nan], index=[9, 8, 7, 6])
    table = average(make_table()[["kind", "flag"]], target)
    expected = {
        "column": pd.Series(["kind", "kind", "kind", "flag", "flag"], dtype="str"),
        "value": pd.Series(["b", "a", None, "False", "True"], dtype="str"),
        "rows": [2, 1, 1, 1, 3],
        "share": [0.5, 0.25, 0.25, 0.25, 0.75],
        "mean_target": [1.0, 1.0, 0.0, 0.0, 1.0],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_only_columns_of_few_values_are_listed() -> None:
    table = pd.DataFrame({"few": np.arange(100) % MAX_CATEGORIES, "many": np.arange(100) % (MAX_CATEGORIES + 1)})
    assert average(table)["column"].unique().tolist() == ["few"]
    assert len(average(table)) == MAX_CATEGORIES
    assert average(table[["many"]]).empty


def test_the_target_is_not_averaged_over_its_own_values() -> None:
    table = pd.DataFrame({"kind": [*"aabb"], "outcome": [0, 0, 1, 1]})
    assert average(table, table["outcome"])[["column", "mean_target"]].to_numpy().tolist() == [["kind", 0], ["kind", 1]]


def test_without_a_target_there_is_no_mean() -> None:
    categories = average(make_table())
    assert categories["mean_target"].isna().all()
    assert categories.loc[categories["column"] == "empty", ["value", "rows", "share"]].iloc[0].tolist()[1:] == [4, 1.0]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (pd.Series([1, 0]), "the target has 2 rows but the table 4"),
        (pd.Series(["yes", "no", "no", "no"]), "needs numbers or booleans: encode it first"),
    ],
)
def test_an_unusable_target_is_refused(target: pd.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        average(make_table(), target)


def test_an_empty_table_has_a_profile_of_no_rows() -> None:
    empty = make_table().iloc[:0]
    assert summarize_columns(empty)["rows"].tolist() == [0] * 6
    assert average(empty).empty
    assert average(empty, pd.Series([], dtype=float)).empty


def test_profiling_a_table_changes_nothing_in_it() -> None:
    table, target = make_table(), pd.Series([0, 1, 0, 1])
    average(table, target)
    pd.testing.assert_frame_equal(table, make_table())
    pd.testing.assert_series_equal(target, pd.Series([0, 1, 0, 1]))
