"""The straightforward way of the published Red Hat text, as a script of pandas, scikit-learn and Keras.

It shares no code with casebook. Every step is the one that the text takes; where the text leaves a choice, the quicker
one is taken: dates are parsed while reading and the encoded columns are put side by side once, not column by column.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    import keras
    import numpy as np

SEED = 2018
BATCH_SIZE = 64
ENCODED = ("activity_category", *(f"char_{number}" for number in range(1, 10)))
# Column -> length of the text before its number: "ppl_100", "act2_1734928", "group 17304", "type 76".
NUMBERED = {"people_id": 4, "activity_id": 5, "group_1": 6, "activity_type": 5}


def main() -> None:
    """Prepare, train and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds act_train.csv and people.csv")
    parser.add_argument("report", type=Path, help="JSON file for what was measured")
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()

    start = time.perf_counter()
    features = encode_columns(engineer_features(join_tables(options.folder)))
    parts = split_and_scale(features)
    preparation = time.perf_counter() - start
    shape = {"rows": {name: len(target) for name, (_, target) in parts.items()}, "features": features.shape[1] - 1}
    # The script is done with the table; a notebook would keep it.
    del features

    import_seconds = import_keras()
    curve = train(parts, options.epochs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    report = {"preparation": preparation, "import_keras": import_seconds, "curve": curve, "peak_bytes": peak, **shape}
    options.report.write_text(json.dumps(report, indent=1))


def join_tables(folder: Path) -> pd.DataFrame:
    """Read both files, clean the activities and add each one's person: 46 columns."""
    activities = pd.read_csv(folder / "act_train.csv", parse_dates=["date"], low_memory=False)
    activities = activities.drop(columns=[f"char_{number}" for number in range(1, 10)])
    activities = activities.rename(columns={"date": "activity_date", "char_10": "activity_type"})
    activities["activity_type"] = activities["activity_type"].fillna(activities["activity_type"].mode()[0])
    people = pd.read_csv(folder / "people.csv", parse_dates=["date"])
    joined = activities.merge(people, on="people_id", how="inner")
    if len(joined) != len(activities):
        raise ValueError(f"{len(activities)} activities became {len(joined)} rows")
    return joined


def engineer_features(joined: pd.DataFrame) -> pd.DataFrame:
    """Turn booleans into 0 and 1, dates into parts and ids into numbers: 56 columns."""
    table = joined.copy()
    booleans = table.select_dtypes("bool").columns
    table[booleans] = table[booleans].astype(int)
    for column, prefix in (("date", ""), ("activity_date", "Activity_")):
        days = table[column].dt
        table[f"{prefix}Year"] = days.year
        table[f"{prefix}Month"] = days.month
        table[f"{prefix}Quarter"] = days.quarter
        table[f"{prefix}Week"] = days.isocalendar().week.astype(int)
        table[f"{prefix}WeekDay"] = days.day_of_week
        table[f"{prefix}Day"] = days.day
    table = table.drop(columns=["date", "activity_date"])
    for column, length in NUMBERED.items():
        table[column] = pd.to_numeric(table[column].str.slice(start=length)).astype(int)
    return table


def encode_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Replace the ten columns of few categories by one-hot columns: 183 features and the outcome at full size."""
    encoded = []
    for column in ENCODED:
        labels = LabelEncoder()
        numbers = labels.fit_transform(table[column])
        values = OneHotEncoder(sparse_output=False).fit_transform(numbers.reshape(-1, 1))
        names = [f"{column}_{name}" for name in labels.classes_]
        encoded.append(pd.DataFrame(values, columns=names, index=table.index))
    return pd.concat([table.drop(columns=list(ENCODED)), *encoded], axis=1)


def split_and_scale(table: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Split the rows 80/20, then 90/10 of the 80, and scale by the training rows.

    Returns:
        Scaled features and outcome of `train`, `validation` and `test`.
    """
    rest, test = train_test_split(table, test_size=0.2, random_state=SEED)
    train_rows, validation = train_test_split(rest, test_size=0.1, random_state=SEED)
    scaler = StandardScaler().fit(train_rows.drop(columns="outcome"))
    return {
        name: (scaler.transform(rows.drop(columns="outcome")), rows["outcome"].to_numpy())
        for name, rows in (("train", train_rows), ("validation", validation), ("test", test))
    }


def import_keras() -> float:
    """Import Keras and TensorFlow; give the seconds it took."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    start = time.perf_counter()
    import keras

    keras.utils.set_random_seed(SEED)
    return time.perf_counter() - start


def train(parts: dict[str, tuple[np.ndarray, np.ndarray]], epochs: int) -> list[dict[str, float]]:
    """Train two layers of 512 as `compile` and `fit` come.

    Returns:
        For each epoch its number, the seconds from the start of training to its end (validation included), and the
        validation accuracy and loss.
    """
    import keras

    features, target = parts["train"]
    start = time.perf_counter()
    ends: list[float] = []
    network = build_network(features.shape[1])
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda _epoch, _logs: ends.append(time.perf_counter() - start))
    history: dict[str, Any] = network.fit(
        features,
        target,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=parts["validation"],
        callbacks=[clock],
        verbose=2,
    ).history
    columns = zip(ends, history["val_accuracy"], history["val_loss"], strict=True)
    return [
        {"epoch": number, "seconds": end, "accuracy": float(accuracy), "loss": float(loss)}
        for number, (end, accuracy, loss) in enumerate(columns, 1)
    ]


def build_network(features: int) -> keras.Model:
    """Build and compile 512-512 with ReLU, a sigmoid output, Adam and binary cross-entropy."""
    import keras

    network = keras.Sequential(
        [
            keras.Input((features,)),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return network


if __name__ == "__main__":
    main()
