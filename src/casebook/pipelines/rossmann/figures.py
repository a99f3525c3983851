"""Rossmann's own figures: sales over time, error by store type, stores by expected sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.pipelines.rossmann import sales_tables as tables
from casebook.plots import style as style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLOURS = {"low": style.GREY, "medium": style.BLUE, "high": style.ORANGE}


def draw_sales(
    test_predictions: pd.DataFrame, feature_table: pd.DataFrame, split_assignment: pd.DataFrame
) -> tuple[dict[str, Figure], dict[str, pd.DataFrame]]:
    """Draw the figures of a sales forecast: sales over time, error by store type, stores by expected sales.

    Args:
        test_predictions: `prediction` and `actual` sales of the test rows.
        feature_table: with `store`, `store_type` and `date`.
        split_assignment: which rows are test rows.

    Returns:
        Figures by file name and the tables behind them by name.
    """
    forecast = tables.tabulate_forecast(test_predictions, feature_table, split_assignment)
    shown, errors, stores = (
        tables.select_stores(forecast),
        tables.measure_by_store_type(forecast),
        tables.classify_stores(forecast),
    )
    classes = tables.summarise_classes(stores)
    figures = {
        "sales_over_time.png": draw_sales_over_time(shown),
        "error_by_store_type.png": draw_error_by_store_type(errors),
        "store_classes.png": draw_store_classes(stores, classes),
    }
    named = {"sales_over_time": shown, "error_by_store_type": errors, "stores_by_class": stores}
    return figures, {**named, "store_classes": classes}


def draw_sales_over_time(shown: pd.DataFrame) -> Figure:
    """Draw actual and predicted sales, a panel a store."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    by_store = list(shown.groupby("store"))
    figure, panels = style.make_figure("Sales of a few stores: actual and predicted", (9, 2 * len(by_store) + 0.6),
                                       rows=len(by_store))  # fmt: skip
    for axes, (store, rows) in zip(panels, by_store, strict=True):
        axes.plot(rows["date"], rows["actual"], color=style.GREY, linewidth=2.5, label="actual")
        axes.plot(rows["date"], rows["prediction"], color=style.ORANGE, linewidth=1.2, label="predicted")
        style.name_axes(axes, vertical="sales", title=f"store {store}")
        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    style.add_legend(panels[0], "upper right")
    return figure


def draw_error_by_store_type(errors: pd.DataFrame) -> Figure:
    """Draw the relative and the absolute error of each store type."""
    figure, (relative, absolute) = style.make_figure("Error by store type", (9, 3), columns=2)
    names = [f"type {name}" for name in errors["store_type"]]
    words = [f"{style.write_share(value)} of {style.write_count(rows)} days"
             for value, rows in zip(errors["rmspe"], errors["rows"], strict=True)]  # fmt: skip
    for axes, column, labels in (
        (relative, "rmspe", words),
        (absolute, "mae", [f"{value:.0f}" for value in errors["mae"]]),
    ):
        axes.barh(range(len(errors)), errors[column], color=style.BLUE)
        style.label_bars(axes, names, list(errors[column]), labels)
        axes.margins(x=0.3)
    style.name_axes(relative, horizontal="RMSPE, days with sales")
    style.name_axes(absolute, horizontal="mean absolute error, all days")
    return figure


def draw_store_classes(stores: pd.DataFrame, classes: pd.DataFrame) -> Figure:
    """Draw each store's expected and actual mean sales, coloured by its class."""
    figure, (axes,) = style.make_figure("Stores by expected sales: low, medium and high", (7, 5))
    rightly = classes.set_index("class")["same_class_share"]
    for name, rows in stores.groupby("expected_class", sort=False):
        share = float(rightly.loc[str(name)])
        label = f"{name} ({len(rows)} stores, {style.write_share(share)} rightly)"
        axes.scatter(rows["expected_sales"], rows["actual_sales"], s=10, color=COLOURS[str(name)], label=label)
    ends = [
        stores[["expected_sales", "actual_sales"]].min().min(),
        stores[["expected_sales", "actual_sales"]].max().max(),
    ]
    axes.plot(ends, ends, color=style.INK, linewidth=0.8)
    style.name_axes(axes, "expected sales a day (mean prediction)", "actual sales a day")
    style.add_legend(axes, "upper left")
    return figure
