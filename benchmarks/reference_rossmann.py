"""The straightforward way of the published Rossmann text, as a script of pandas, scikit-learn and Keras.

It shares no code with casebook: read, join, dummies, split, fit with batch 64 as `compile` comes, errors on the test
rows; variant 5x350 of 15 epochs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

SEED = 2018
BATCH_SIZE, WIDTHS = 64, (350,) * 5
NUMBERS = ("Customers", "Open", "Promo", "Promo2", "StateHoliday", "SchoolHoliday", "CompetitionDistance")
ENCODED = ("DayOfWeek", "Quarter", "Month", "Year", "StoreType", "Assortment", "Season")
SEASONS = {
    3: "Spring",
    4: "Spring",
    5: "Spring",
    6: "Summer",
    7: "Summer",
    8: "Summer",
    9: "Fall",
    10: "Fall",
    11: "Fall",
}


def main() -> None:
    """Prepare, train, test and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds train.csv and store.csv")
    parser.add_argument("report", type=Path, help="JSON file for what was measured")
    parser.add_argument("--epochs", type=int, default=15)
    options = parser.parse_args()
    features, sales = prepare(options.folder)
    rest, test, rest_sales, test_sales = train_test_split(features, sales, test_size=0.2, random_state=SEED)
    parts = train_test_split(rest, rest_sales, test_size=0.1, random_state=SEED)
    errors = train_and_test(parts, (test, test_sales), options.epochs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    options.report.write_text(json.dumps({**errors, "features": features.shape[1], "peak_bytes": peak}))


def prepare(folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Read and join both files and make the 44 features, unscaled."""
    days = pd.read_csv(folder / "train.csv", parse_dates=["Date"], dtype={"StateHoliday": str})
    table = days.merge(pd.read_csv(folder / "store.csv"), on="Store")
    date = table["Date"].dt
    table = table.assign(Month=date.month, Quarter=date.quarter, Year=date.year)
    table["Season"] = table["Month"].map(SEASONS).fillna("Winter")
    table["CompetitionDistance"] = table["CompetitionDistance"].fillna(table["CompetitionDistance"].mode()[0])
    table["StateHoliday"] = (table["StateHoliday"] != "0").astype(int)
    dummies = pd.get_dummies(table[list(ENCODED)], columns=list(ENCODED), dtype=float)
    return pd.concat([table[list(NUMBERS)].astype(float), dummies], axis=1), table["Sales"]


def train_and_test(parts: list[pd.DataFrame], test: tuple[pd.DataFrame, pd.Series], epochs: int) -> dict[str, float]:
    """Train the published network and give its errors on the test rows."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    keras.utils.set_random_seed(SEED)
    train, validation, train_sales, validation_sales = parts
    layers = [keras.layers.Dense(width, activation="relu") for width in WIDTHS]
    network = keras.Sequential([keras.Input((train.shape[1],)), *layers, keras.layers.Dense(1)])
    network.compile(optimizer="adam", loss="mse", metrics=["mae"])
    start = time.perf_counter()
    network.fit(
        train.to_numpy(),
        train_sales.to_numpy(),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=(validation.to_numpy(), validation_sales.to_numpy()),
        verbose=2,
    )
    training = time.perf_counter() - start
    mse, mae = network.evaluate(test[0].to_numpy(), test[1].to_numpy(), verbose=0)
    return {"training": training, "mse": float(mse), "mae": float(mae)}


if __name__ == "__main__":
    main()
