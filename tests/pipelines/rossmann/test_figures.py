"""The case's own figures and the numbers behind them."""

from __future__ import annotations

import pandas as pd
import pytest

from casebook.pipelines.rossmann.figures import draw_sales
from casebook.pipelines.rossmann.sales_tables import (
    classify_stores,
    measure_by_store_type,
    select_stores,
    summarise_classes,
    tabulate_forecast,
)


@pytest.fixture
def feature_table() -> pd.DataFrame:
    """Three stores on three days; the first row is no test row."""
    dates = pd.to_datetime(["2015-07-31"] * 3 + ["2015-07-30"] * 3 + ["2015-07-29"] * 3)
    return pd.DataFrame(
        {"store": [1, 2, 3] * 3, "store_type": pd.Categorical(["a", "b", "a"] * 3), "date": dates, "open": True}
    )


@pytest.fixture
def parts() -> pd.DataFrame:
    # The fifth row is a validation row as well.
    return pd.DataFrame({"part": [1, 4, 4, 4, 6, 4, 2, 1, 0]}, dtype="uint8")


@pytest.fixture
def predictions() -> pd.DataFrame:
    return pd.DataFrame({"prediction": [90.0, 330.0, 150.0, 110.0, 5.0], "actual": [100.0, 300.0, 200.0, 100.0, 0.0]})


@pytest.fixture
def forecast(predictions: pd.DataFrame, feature_table: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    return tabulate_forecast(predictions, feature_table, parts)


def test_predictions_stand_beside_the_rows_that_they_are_of(forecast: pd.DataFrame) -> None:
    expected = pd.DataFrame(
        {
            "store": [2, 3, 1, 2, 3],
            "store_type": pd.array(["b", "a", "a", "b", "a"], dtype="str"),
            "date": pd.to_datetime(["2015-07-31", "2015-07-31", "2015-07-30", "2015-07-30", "2015-07-30"]),
            "prediction": [90.0, 330.0, 150.0, 110.0, 5.0],
            "actual": [100.0, 300.0, 200.0, 100.0, 0.0],
        }
    )
    pd.testing.assert_frame_equal(forecast, expected)


def test_errors_are_measured_by_store_type_relative_ones_where_something_was_sold(forecast: pd.DataFrame) -> None:
    expected = pd.DataFrame(
        {
            "store_type": ["a", "b"],
            "rows": [3, 2],
            "mean_sales": [500 / 3, 100.0],
            "mae": [85 / 3, 10.0],
            "mape": [(0.1 + 0.25) / 2, 0.1],
            "rmspe": [((0.1**2 + 0.25**2) / 2) ** 0.5, 0.1],
        }
    )
    pd.testing.assert_frame_equal(measure_by_store_type(forecast), expected)


def test_stores_are_classed_by_expected_sales(forecast: pd.DataFrame) -> None:
    stores = classify_stores(forecast)
    expected = pd.DataFrame(
        {
            "store": [2, 1, 3],
            "store_type": ["b", "a", "a"],
            "days": [2, 1, 2],
            "expected_sales": [100.0, 150.0, 167.5],
            "actual_sales": [100.0, 200.0, 150.0],
            "expected_class": ["low", "medium", "high"],
            "actual_class": ["low", "high", "medium"],
        }
    )
    pd.testing.assert_frame_equal(stores, expected)
    summary = summarise_classes(stores)
    assert summary["class"].tolist() == ["low", "medium", "high"]
    assert summary["stores"].tolist() == [1, 1, 1]
    assert summary["lowest_expected"].tolist() == summary["highest_expected"].tolist() == [100.0, 150.0, 167.5]
    assert summary["same_class_share"].tolist() == [1.0, 0.0, 0.0]


def test_classes_are_thirds_of_the_stores_whatever_their_number() -> None:
    stores = list(range(1, 12))
    forecast = pd.DataFrame(
        {"store": stores, "store_type": "a", "date": pd.Timestamp("2015-07-31"), "prediction": 7.0, "actual": 7.0}
    )
    classes = classify_stores(forecast)["expected_class"]
    assert classes.value_counts(sort=False).to_dict() == {"low": 4, "medium": 4, "high": 3}


def test_shown_stores_go_from_small_to_large_by_their_last_days() -> None:
    days = pd.date_range("2015-01-01", periods=80)
    forecast = pd.concat(
        [
            pd.DataFrame(
                {"store": store, "store_type": "a", "date": days[::-1], "prediction": 1.0, "actual": float(-store)}
            )
            for store in range(1, 21)
        ]
    )
    shown = select_stores(forecast)
    assert shown["store"].drop_duplicates().tolist() == [2, 8, 13, 19]
    assert shown.groupby("store")["date"].agg(["size", "min", "max"]).drop_duplicates().to_numpy().tolist() == [
        [60, days[20], days[-1]]
    ]


def test_every_figure_has_its_table_and_shows_its_numbers(
    predictions: pd.DataFrame, feature_table: pd.DataFrame, parts: pd.DataFrame
) -> None:
    figures, tables = draw_sales(predictions, feature_table, parts)
    assert sorted(figures) == ["error_by_store_type.png", "sales_over_time.png", "store_classes.png"]
    assert sorted(tables) == ["error_by_store_type", "sales_over_time", "store_classes", "stores_by_class"]
    over_time = figures["sales_over_time.png"].axes
    assert [axes.get_title(loc="left") for axes in over_time] == ["store 1", "store 2", "store 3"]
    assert [line.get_ydata().tolist() for line in over_time[1].lines] == [[100.0, 100.0], [110.0, 90.0]]
    relative, absolute = figures["error_by_store_type.png"].axes
    assert [bar.get_width() for bar in absolute.patches] == pytest.approx([85 / 3, 10.0])
    assert [text.get_text() for text in relative.texts] == ["19 % of 3 days", "10 % of 2 days"]
    legend = [text.get_text() for text in figures["store_classes.png"].axes[0].get_legend().get_texts()]
    assert legend == ["low (1 stores, 100 % rightly)", "medium (1 stores, 0 % rightly)", "high (1 stores, 0 % rightly)"]


def test_drawing_changes_nothing_that_it_is_given(
    predictions: pd.DataFrame, feature_table: pd.DataFrame, parts: pd.DataFrame
) -> None:
    given = (predictions, feature_table, parts)
    before = [table.copy() for table in given]
    draw_sales(*given)
    for table, kept in zip(given, before, strict=True):
        pd.testing.assert_frame_equal(table, kept)
