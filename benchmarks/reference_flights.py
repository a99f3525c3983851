"""The straightforward way from the four files of `flights` to model arrays, as a script of pandas and scikit-learn.

It shares no code with casebook and does what the declared case does: joins, parts of the hour, rows without a target
left out, the last days as test and the days before them for validation, nulls filled and marked, categories one-hot
where they are few and numbered where they are many, numbers scaled; everything fitted on the training rows.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

TARGET = "arr_delay"
# What is known only after the flight, and what says the same for every row or as another column.
LEFT_OUT = ["dep_delay", "dep_time", "arr_time", "air_time", "year", "planes_speed", "name"]
LEFT_OUT += [f"weather_{part}" for part in ("year", "month", "day", "hour")]
TEST_DAYS, VALIDATION_DAYS = 74, 28
MISSING_SHARE = 0.01
ONEHOT_WIDTH = 24


def main() -> None:
    """Prepare the arrays and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="holds flights.csv.gz, planes.csv, airlines.csv and weather.csv")
    parser.add_argument("report", help="JSON file for what was measured")
    options = parser.parse_args()

    imported, start, used = read_peak(), time.perf_counter(), time.process_time()
    parts = split_rows(engineer_features(join_tables(options.folder)))
    arrays, targets = prepare(parts)
    seconds = time.perf_counter() - start
    report = {
        "seconds": seconds,
        "cpu_seconds": time.process_time() - used,
        "peak_bytes": read_peak(),
        "imported_bytes": imported,
        "rows": {name: len(target) for name, target in targets.items()},
        "features": arrays["train"].shape[1],
    }
    with open(options.report, "w", encoding="utf-8") as file:  # noqa: PTH123 - as such a script has it
        json.dump(report, file, indent=1)


def read_peak() -> int:
    """Return the most memory that the process had so far, in bytes."""
    # That of `resource.getrusage` begins with the memory of whoever started the process.
    with open("/proc/self/status", encoding="utf-8") as file:  # noqa: PTH123 - as such a script has it
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def join_tables(folder: str) -> pd.DataFrame:
    """Read the four files and add to each flight its plane, airline and weather."""
    flights = pd.read_csv(f"{folder}/flights.csv.gz", parse_dates=["time_hour"])
    weather = pd.read_csv(f"{folder}/weather.csv", parse_dates=["time_hour"])
    keys = ["origin", "time_hour"]
    weather = weather.rename(columns={name: f"weather_{name}" for name in weather.columns if name not in keys})
    planes = pd.read_csv(f"{folder}/planes.csv")
    planes = planes.rename(columns={name: f"planes_{name}" for name in planes.columns if name != "tailnum"})
    airlines = pd.read_csv(f"{folder}/airlines.csv")
    joined = flights.merge(planes, on="tailnum", how="left").merge(airlines, on="carrier", how="left")
    return joined.merge(weather, on=keys, how="left")


def engineer_features(joined: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows without a target and columns that are no features, add parts of the hour and marks of nulls."""
    table = joined.dropna(subset=[TARGET]).drop(columns=LEFT_OUT)
    hour = table["time_hour"].dt
    table["time_hour_year"] = hour.year
    table["time_hour_month"] = hour.month
    table["time_hour_quarter"] = hour.quarter
    table["time_hour_week"] = hour.isocalendar().week.astype(int)
    table["time_hour_weekday"] = hour.day_of_week
    table["time_hour_day"] = hour.day
    table["time_hour_hour"] = hour.hour
    for column in table.select_dtypes("number").columns:
        if table[column].isna().mean() >= MISSING_SHARE:
            table[f"{column}_missing"] = table[column].isna().astype(int)
    return table


def split_rows(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Hold out the last days for test and the days before them for validation."""
    day = table["time_hour"].dt.floor("D")
    test = day > day.max() - pd.Timedelta(days=TEST_DAYS)
    validation = ~test & (day > day.max() - pd.Timedelta(days=TEST_DAYS + VALIDATION_DAYS))
    table = table.drop(columns="time_hour")
    return {"train": table[~test & ~validation], "validation": table[validation], "test": table[test]}


def prepare(parts: Mapping[str, pd.DataFrame]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Encode and scale the features of each part by its training rows."""
    train = parts["train"].drop(columns=TARGET)
    numbers = list(train.select_dtypes("number").columns)
    texts = [column for column in train.columns if column not in numbers]
    few = [column for column in texts if train[column].nunique() <= ONEHOT_WIDTH]
    many = [column for column in texts if column not in few]
    encoder = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("few", OneHotEncoder(handle_unknown="ignore", sparse_output=False), few),
            ("many", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), many),
        ]
    ).fit(train)
    arrays = {name: encoder.transform(rows.drop(columns=TARGET)) for name, rows in parts.items()}
    return arrays, {name: rows[TARGET].to_numpy() for name, rows in parts.items()}


if __name__ == "__main__":
    main()
