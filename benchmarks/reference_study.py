"""The straightforward way to search: Optuna around pandas, scikit-learn and Keras as they come.

It shares no code with casebook: every trial reads and prepares the files, trains all its epochs and is never pruned, in
one process, on an in-memory study.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import optuna

from reference_redhat import encode_columns, engineer_features, import_keras, join_tables, split_and_scale
from study_settings import COUNT, EPOCHS, WIDTHS, list_settings


def main() -> None:
    """Search and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds act_train.csv and people.csv")
    parser.add_argument("report", type=Path, help="JSON file for what was measured")
    parser.add_argument("--trials", type=int, default=COUNT)
    options = parser.parse_args()
    import_keras()
    start = time.perf_counter()
    study = optuna.create_study(direction="maximize")
    for setting in list_settings(options.trials):
        study.enqueue_trial({**setting, "hidden": json.dumps(setting["hidden"])})
    study.optimize(lambda trial: judge(trial, options.folder), n_trials=options.trials)
    seconds = time.perf_counter() - start
    report = {
        "seconds": seconds,
        "trials": len(study.trials),
        "best": study.best_value,
        "best_trial": study.best_params,
    }
    options.report.write_text(json.dumps(report, indent=1))


def judge(trial: optuna.Trial, folder: Path) -> float:
    """Prepare, train and give the validation accuracy of the last epoch."""
    import keras

    hidden = json.loads(trial.suggest_categorical("hidden", [json.dumps(widths) for widths in WIDTHS]))
    dropout = trial.suggest_float("dropout", 0.0, 0.4)
    rate = trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True)
    batch = trial.suggest_int("batch_size", 256, 1024)
    parts = split_and_scale(encode_columns(engineer_features(join_tables(folder))))
    features, target = parts["train"]
    layers: list[keras.layers.Layer] = [keras.layers.Input([features.shape[1]])]
    for width in hidden:
        layers += [keras.layers.Dense(width, "relu"), keras.layers.Dropout(dropout)]
    network = keras.Sequential([*layers, keras.layers.Dense(1, "sigmoid")])
    network.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    history = network.fit(
        features, target, epochs=EPOCHS, batch_size=batch, validation_data=parts["validation"], verbose=0
    )
    return float(history.history["val_accuracy"][-1])


if __name__ == "__main__":
    main()
