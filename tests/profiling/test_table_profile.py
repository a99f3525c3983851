from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from casebook.profiling.table_profile import (
    draw_profile,
    profile_categories,
    profile_columns,
    profile_dates,
    profile_numbers,
)


def make_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": pd.Series(["ppl_1", "ppl_2", "ppl_3", "ppl_4"], dtype="str"),
            "kind": pd.Categorical(["b", None, "a", "b"], categories=["b", "a", "never"]),
            "day": pd.to_datetime(["2023-01-01", "2023-01-03", "2023-01-03", None]),
            "flag": [True, False, True, True],
            "number": [1.5, np.nan, 2.5, 1.5],
            "empty": pd.Series([None] * 4, dtype=object),
        }
    )


def test_columns_are_described_exactly() -> None:
    profile = profile_columns(make_table()).set_index("column")
    assert profile.index.tolist() == ["person", "kind", "day", "flag", "number", "empty"]
    assert profile["dtype"].tolist() == ["str", "category", "datetime64[us]", "bool", "float64", "object"]
    assert profile["rows"].tolist() == [4] * 6
    assert profile["null_share"].tolist() == [0, 0.25, 0.25, 0, 0.25, 1]
    assert profile["distinct"].tolist() == [4, 2, 2, 2, 2, 0]
    assert profile["minimum"].tolist()[:5] == ["ppl_1", "a", "2023-01-01", "False", "1.5"]
    assert profile["maximum"].tolist()[:5] == ["ppl_4", "b", "2023-01-03", "True", "2.5"]
    assert profile["mean"].dropna().to_dict() == pytest.approx({"flag": 0.75, "number": 5.5 / 3})
    assert profile["most_frequent"].tolist()[1:5] == ["b", "2023-01-03", "True", "1.5"]
    assert profile["most_frequent_share"].tolist()[1:5] == [0.5, 0.5, 0.75, 0.5]
    assert profile.loc["empty"].drop(["dtype", "rows", "null_share", "distinct"]).isna().all()


def test_columns_declared_unique_are_not_counted() -> None:
    row = profile_columns(make_table(), unique=["person"]).iloc[0]
    assert (row["distinct"], row["minimum"], row["maximum"]) == (4, "ppl_1", "ppl_4")
    assert pd.isna(row["most_frequent"])


def test_mixed_objects_are_described_as_text() -> None:
    row = profile_columns(pd.DataFrame({"mixed": pd.Series([1, "a", None], dtype=object)})).iloc[0]
    assert (row["distinct"], row["minimum"], row["maximum"]) == (2, "1", "a")


def test_categories_have_rows_shares_and_mean_target_with_nulls_last() -> None:
    target = pd.Series([1.0, 0.0, 1.0, np.nan], index=[9, 8, 7, 6])
    table = profile_categories(make_table()[["kind", "flag"]], target)
    expected = {
        "column": pd.Series(["kind", "kind", "kind", "flag", "flag"], dtype="str"),
        "value": pd.Series(["b", "a", None, "False", "True"], dtype="str"),
        "rows": [2, 1, 1, 1, 3],
        "share": [0.5, 0.25, 0.25, 0.25, 0.75],
        "mean_target": [1.0, 1.0, 0.0, 0.0, 1.0],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_only_columns_of_few_values_are_listed_and_unused_categories_do_not_count() -> None:
    table = make_table().assign(late=[1, 1, 1, 2], many=[1, 2, 3, 4])
    assert profile_categories(table, limit=2)["column"].unique().tolist() == [
        "kind",
        "day",
        "flag",
        "number",
        "empty",
        "late",
    ]
    assert profile_categories(table[["many"]], limit=2).empty


def test_a_value_beyond_the_head_still_counts_against_the_limit() -> None:
    column = np.zeros(20_000, dtype=int)
    column[-1] = 1
    assert profile_categories(pd.DataFrame({"column": column}), limit=1).empty


def test_without_a_target_there_is_no_mean() -> None:
    assert profile_categories(make_table())["mean_target"].isna().all()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (pd.Series([1, 0]), "the target has 2 rows but the table 4"),
        (pd.Series(["yes", "no", "no", "no"]), "needs numbers or booleans: encode it first"),
    ],
)
def test_an_unusable_target_is_refused(target: pd.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        profile_categories(make_table(), target)


def test_whole_numbers_are_counted_in_bins_of_equally_many_numbers() -> None:
    table = profile_numbers(pd.DataFrame({"whole": np.arange(100), "few": 1}), bins=40)
    assert table["column"].unique().tolist() == ["whole"]
    assert table[["lower", "upper", "rows"]].iloc[0].tolist() == [-0.5, 2.5, 3]
    assert table["rows"].tolist() == [3] * 33 + [1]


def test_fractions_are_counted_in_bins_without_infinities() -> None:
    table = profile_numbers(pd.DataFrame({"part": [0.0, 0.5, 1.0, np.inf, np.nan]}), limit=2, bins=2)
    assert table[["lower", "upper", "rows"]].to_numpy().tolist() == [[0.0, 0.5, 1], [0.5, 1.0, 2]]


def test_dates_are_counted_by_day_without_gaps_as_datetimes_and_as_text() -> None:
    text = pd.Categorical(["2023-01-01", "2023-01-03", "2023-01-03", None], categories=["2023-01-03", "2023-01-01"])
    dates = profile_dates(make_table().assign(text=text, almost=["2023-01-01", "x", "x", "x"]))
    for name in ("day", "text"):
        days = dates[dates["column"] == name]
        assert days["date"].dt.strftime("%d").tolist() == ["01", "02", "03"]
        assert days["rows"].tolist() == [1, 0, 2]
    assert set(dates["column"]) == {"day", "text"}


def test_long_spans_are_counted_by_month_and_then_by_year() -> None:
    spans = {"months": ["2020-01-15", "2023-03-01"], "years": ["1950-01-15", "2023-03-01"]}
    dates = profile_dates(pd.DataFrame(spans).apply(pd.to_datetime))
    assert dates.groupby("column").size().to_dict() == {"months": 39, "years": 74}
    assert dates.groupby("column")["rows"].sum().to_dict() == {"months": 2, "years": 2}


def make_wide(booleans: int = 40, categories: int = 25, rows: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    flags = {f"flag_{number}": generator.random(rows) < 0.3 for number in range(booleans)}
    kinds = {f"kind_{number}": generator.choice(list("abcdefghijklmnopq"), rows) for number in range(categories)}
    return pd.DataFrame({**flags, **kinds, "number": generator.normal(size=rows)})


def test_a_wide_table_is_drawn_on_pages_with_all_booleans_together() -> None:
    table = make_wide()
    figures = draw_profile(table, table["flag_0"], "wide")
    names = ["null_shares", "distributions", "distributions_2", "booleans"]
    assert list(figures) == [*names, "mean_target", "mean_target_2", "mean_target_booleans"]
    assert [len(figures[name].axes) for name in names] == [1, 24, 2, 1]
    assert len(figures["booleans"].axes[0].patches) == 40
    assert figures["null_shares"].get_suptitle() == "wide: none of 66 columns have nulls"
    assert figures["distributions_2"].get_suptitle().endswith("part 2 of 2")


def test_panels_pool_small_categories_and_say_how_many_nulls_there_are() -> None:
    table = pd.DataFrame({"kind": pd.Categorical([*"aab", *"cdefghijklmno", *[None] * 16])})
    (axes,) = draw_profile(table)["distributions"].axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 13
    assert (labels[0], labels[-1]) == ("a", "3 others")
    assert axes.get_title(loc="right") == "50 % null"


def test_panels_of_the_mean_target_share_one_scale() -> None:
    table = pd.DataFrame({"strong": [*"aabb"], "weak": [*"abab"]})
    strong, weak = draw_profile(table, pd.Series([0, 0, 1, 1]))["mean_target"].axes
    assert strong.get_xlim() == weak.get_xlim()


def test_the_target_among_the_columns_has_no_panel_of_mean_targets() -> None:
    table = pd.DataFrame({"kind": [*"aabb"], "outcome": [0, 0, 1, 1]})
    figures = draw_profile(table, table["outcome"])
    assert [len(figures[name].axes) for name in ("distributions", "mean_target")] == [2, 1]


def test_every_kind_of_column_can_be_drawn_and_saved_and_what_is_not_drawn_is_named() -> None:
    table = make_table().assign(number=[0.1, 0.2, 0.3, 0.4])
    figures = draw_profile(table, pd.Series([0, 1, 0, 1]), "table", limit=3)
    assert set(figures) == {"null_shares", "distributions", "booleans", "mean_target", "mean_target_booleans"}
    assert "person, empty" in figures["distributions"].get_supxlabel()
    for figure in figures.values():
        figure.savefig(BytesIO(), format="png", dpi=40)


def test_an_empty_table_has_a_profile_of_no_rows() -> None:
    empty = make_table().iloc[:0]
    assert profile_columns(empty)["rows"].tolist() == [0] * 6
    assert profile_categories(empty).empty
    assert list(draw_profile(empty)) == ["null_shares"]


def test_looking_at_a_table_changes_nothing_in_it() -> None:
    table, target = make_table(), pd.Series([0, 1, 0, 1])
    profile_columns(table)
    profile_categories(table, target)
    draw_profile(table, target)
    pd.testing.assert_frame_equal(table, make_table())
    pd.testing.assert_series_equal(target, pd.Series([0, 1, 0, 1]))


def test_a_single_value_over_the_limit_is_drawn_instead_of_pooled() -> None:
    (axes,) = draw_profile(pd.DataFrame({"kind": list("aabcdefghijklm")}))["distributions"].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list("abcdefghijklm")
