"""Tables of the forecast itself: sales of a few stores over time, error by store type, stores by expected sales."""

from __future__ import annotations

import numpy as np
import pandas as pd

from casebook.evaluation.metrics import find_metric

TEST = 4  # the bit of a test row in `split_assignment`
CLASSES = ["low", "medium", "high"]
# Quantiles of the mean sales at which the drawn stores are selected.
SHOWN_QUANTILES = (0.05, 0.35, 0.65, 0.95)
SHOWN_DAYS = 60


def tabulate_forecast(
    test_predictions: pd.DataFrame, feature_table: pd.DataFrame, split_assignment: pd.DataFrame
) -> pd.DataFrame:
    """Join the predictions of the test rows with their store, day and sales.

    Returns:
        `store`, `store_type`, `date`, `prediction` and `actual`, a row a test row, in the order of the file.
    """
    test = (split_assignment["part"] & TEST).to_numpy() > 0
    rows = feature_table.loc[test, ["store", "store_type", "date"]].reset_index(drop=True)
    values = test_predictions[["prediction", "actual"]].reset_index(drop=True)
    return pd.concat([rows, values], axis=1).astype({"store_type": "str"})


def select_stores(forecast: pd.DataFrame) -> pd.DataFrame:
    """Select a few stores from small to large and their last test days.

    Returns:
        `store`, `date`, `actual`, `prediction`, ascending; at most 60 days a store.
    """
    means = forecast.groupby("store")["actual"].mean().sort_values(kind="stable")
    places = sorted({round(quantile * (len(means) - 1)) for quantile in SHOWN_QUANTILES})
    shown = [int(means.index[place]) for place in places]
    chosen = forecast[forecast["store"].isin(shown)].sort_values(["store", "date"])
    return chosen[["store", "date", "actual", "prediction"]].groupby("store").tail(SHOWN_DAYS).reset_index(drop=True)


def measure_by_store_type(forecast: pd.DataFrame) -> pd.DataFrame:
    """Compute the errors of each store type.

    Returns:
        `store_type`, `rows`, `mean_sales`, `mae` (all rows), `mape` and `rmspe` (fractions, rows with sales above 0).
    """
    by_type = forecast.groupby("store_type")
    table = by_type.agg(rows=("actual", "size"), mean_sales=("actual", "mean"))
    scores = {name: [_score(name, rows) for _, rows in by_type] for name in ("mae", "mape", "rmspe")}
    return table.assign(**scores).reset_index()


def _score(metric: str, forecast: pd.DataFrame) -> float:
    return find_metric(metric).score(forecast["actual"].to_numpy(), forecast["prediction"].to_numpy())


def classify_stores(forecast: pd.DataFrame) -> pd.DataFrame:
    """Classify each store by its expected sales: the lowest, middle and highest third of the stores.

    Returns:
        `store`, `store_type`, `days`, `expected_sales` and `actual_sales` (means of the test days, closed days
        included), `expected_class` and `actual_class`; ascending by expected sales.
    """
    table = forecast.groupby("store").agg(
        store_type=("store_type", "first"),
        days=("actual", "size"),
        expected_sales=("prediction", "mean"),
        actual_sales=("actual", "mean"),
    )
    classed = table.assign(
        expected_class=_assign_thirds(table["expected_sales"]), actual_class=_assign_thirds(table["actual_sales"])
    )
    return classed.reset_index().sort_values("expected_sales", kind="stable", ignore_index=True)


def summarise_classes(stores: pd.DataFrame) -> pd.DataFrame:
    """Describe the three classes.

    Returns:
        `class`, `stores`, `lowest_expected`, `highest_expected`, `expected_sales`, `actual_sales` (means over stores)
        and `same_class_share`: of how many stores the actual sales fall into the same class.
    """
    rows = stores.assign(same=stores["expected_class"] == stores["actual_class"])
    summary = rows.groupby("expected_class", sort=False).agg(
        stores=("store", "size"),
        lowest_expected=("expected_sales", "min"),
        highest_expected=("expected_sales", "max"),
        expected_sales=("expected_sales", "mean"),
        actual_sales=("actual_sales", "mean"),
        same_class_share=("same", "mean"),
    )
    return summary.rename_axis("class").reset_index()


def _assign_thirds(sales: pd.Series) -> pd.Series:
    """Assign each store to a third; of equal stores the earlier one is the lower."""
    place = sales.rank(method="first").to_numpy() - 1
    return pd.Series(np.array(CLASSES)[(place * len(CLASSES) // len(sales)).astype(int)], sales.index, dtype="str")
