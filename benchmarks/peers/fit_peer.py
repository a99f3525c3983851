"""Fit one peer on exported rows, in the environment of the peers: `python fit_peer.py FOLDER PEER SEED CORES REPORT`.

Every peer has its defaults, is fitted on the training rows and stopped (AutoGluon: weighted) by the validation rows;
the targets of the test rows are not in the folder. Since log loss counts, pytabkit's choose the epoch by cross entropy,
and RealMLP_TD has no label smoothing, as its documentation says to. Imports stand outside the clock of the fit.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    # Predicts of raw rows: probabilities of shape (rows, classes that were seen), or numbers of shape (rows,).
    Predict = Callable[[pd.DataFrame], np.ndarray]

TARGET, PART, VALIDATION = "casebook_target", "casebook_part", "validation"
AUTOGLUON_SECONDS = 600


@dataclass(frozen=True)
class Rows:
    """The rows of a table.

    Attributes:
        task: binary, multiclass or regression.
        train: raw columns of the training rows: numbers, texts (categories) and dates.
        train_target: class numbers or numbers.
        validation: as `train`.
        validation_target: as `train_target`.
    """

    task: str
    train: pd.DataFrame
    train_target: np.ndarray
    validation: pd.DataFrame
    validation_target: np.ndarray

    @property
    def classes(self) -> np.ndarray:
        """The class numbers that are there."""
        return np.unique(np.concatenate([self.train_target, self.validation_target]))


def main(folder: Path, name: str, seed: int, cores: int, report: Path) -> None:
    """Fit, predict the test rows, and write `predictions.npy` and the seconds beside the report."""
    modules, fit = PEERS[name]
    for module in modules:
        importlib.import_module(module)
    about = json.loads((folder / "about.json").read_text())
    rows = load_rows(folder, about["task"])
    start, busy = time.perf_counter(), cpu_seconds()
    predict = fit(rows, seed, cores)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - busy
    found = predict(read_columns(folder / "test.parquet"))
    predictions = found if rows.task == "regression" else spread_classes(found, rows.classes, about["classes"])
    np.save(report.with_name("predictions.npy"), predictions)
    used = {module.partition(".")[0] for module in modules} & PACKAGES.keys()
    versions = {PACKAGES[module]: version(PACKAGES[module]) for module in sorted(used)}
    report.write_text(json.dumps({"fit_seconds": seconds, "fit_cpu_seconds": cpu, "versions": versions}))


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of those that it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def load_rows(folder: Path, task: str) -> Rows:
    """Load training and validation rows."""
    table = read_columns(folder / "fitting.parquet")
    parts = []
    for part in (table[PART] != VALIDATION, table[PART] == VALIDATION):
        chosen = table[part].reset_index(drop=True)
        target = chosen[TARGET].to_numpy(dtype=np.float64 if task == "regression" else np.int64)
        parts += [chosen.drop(columns=[TARGET, PART]), target]
    return Rows(task, *parts)


def read_columns(file: Path) -> pd.DataFrame:
    """Read exported rows; texts as objects, which every peer knows, their nulls as None."""
    table = pd.read_parquet(file)
    texts = [name for name in table if pd.api.types.is_string_dtype(table[name].dtype)]
    return table.assign(**{name: table[name].astype(object).where(table[name].notna(), None) for name in texts})


def spread_classes(found: np.ndarray, seen: np.ndarray, classes: int) -> np.ndarray:
    """Return probabilities of all classes: shape (rows, classes); a class that was never seen has none."""
    spread = np.zeros((len(found), classes))
    spread[:, seen] = found
    return spread


def expand_dates(rows: pd.DataFrame) -> pd.DataFrame:
    """Replace dates by numbers as AutoGluon does: the time itself, year, month, day, day of the week; the hour too."""
    made: dict[str, pd.Series] = {}
    for name, column in rows.items():
        if not pd.api.types.is_datetime64_any_dtype(column):
            made[name] = column
            continue
        made[name] = column.astype("datetime64[s]").astype("int64").where(column.notna()).astype(float)
        for field in ("year", "month", "day", "day_of_week", "hour"):
            made[f"{name}.{field}"] = getattr(column.dt, field).astype(float)
    return pd.DataFrame(made)


def list_texts(rows: pd.DataFrame) -> list[str]:
    """List the columns of categories."""
    return [name for name in rows if rows[name].dtype == object]


def fit_lightgbm(rows: Rows, seed: int, cores: int) -> Predict:
    """Fit LightGBM at a rate of 0.05 until 100 rounds do not help the validation rows."""
    import lightgbm

    train, validation = expand_dates(rows.train), expand_dates(rows.validation)
    kinds = {
        name: pd.CategoricalDtype(sorted({*train[name].dropna(), *validation[name].dropna()}))
        for name in list_texts(train)
    }
    kind = lightgbm.LGBMRegressor if rows.task == "regression" else lightgbm.LGBMClassifier
    model = kind(n_estimators=10_000, learning_rate=0.05, n_jobs=cores, random_state=seed, verbose=-1)
    stopping = [lightgbm.early_stopping(100, verbose=False)]
    judged = [(validation.astype(kinds), rows.validation_target)]
    model.fit(train.astype(kinds), rows.train_target, eval_set=judged, callbacks=stopping)
    return lambda table: outputs(model, rows, expand_dates(table).astype(kinds))


def fit_catboost(rows: Rows, seed: int, cores: int) -> Predict:
    """Fit CatBoost with its defaults: 1,000 rounds, of which those up to the best of the validation rows are kept."""
    import catboost

    def fill(table: pd.DataFrame) -> pd.DataFrame:
        expanded = expand_dates(table)
        return expanded.fillna(dict.fromkeys(list_texts(expanded), "missing"))

    kind = catboost.CatBoostRegressor if rows.task == "regression" else catboost.CatBoostClassifier
    model = kind(thread_count=cores, random_seed=seed, verbose=0, allow_writing_files=False)
    train, judged = fill(rows.train), (fill(rows.validation), rows.validation_target)
    model.fit(train, rows.train_target, cat_features=list_texts(train), eval_set=judged)
    return lambda table: outputs(model, rows, fill(table))


def fit_pytabkit(name: str, **classification: Any) -> Callable[[Rows, int, int], Predict]:  # noqa: ANN401 - its options
    """Return what fits a tuned default of pytabkit; numbers that are missing become the median beside an indicator.

    pytabkit itself takes none that are missing.
    """

    def fit(rows: Rows, seed: int, cores: int) -> Predict:
        import pytabkit

        train = expand_dates(rows.train)
        numbers = [column for column in train if column not in list_texts(train)]
        medians = train[numbers].median().fillna(0.0)
        holed = [column for column in numbers if train[column].isna().any()]

        def fill(table: pd.DataFrame) -> pd.DataFrame:
            expanded = expand_dates(table)
            missing = {f"{column}.missing": expanded[column].isna().map({True: "yes", False: "no"}) for column in holed}
            return expanded.fillna(medians).assign(**missing)

        regression = rows.task == "regression"
        kind = getattr(pytabkit, f"{name}_{'Regressor' if regression else 'Classifier'}")
        model = kind(random_state=seed, n_threads=cores, device="cpu", **({} if regression else classification))
        model.fit(fill(rows.train), rows.train_target, fill(rows.validation), rows.validation_target)
        return lambda table: outputs(model, rows, fill(table))

    return fit


def fit_autogluon(rows: Rows, seed: int, cores: int) -> Predict:  # noqa: ARG001 - it takes no seed
    """Fit AutoGluon's medium preset within ten minutes, weighted by the validation rows."""
    from autogluon.tabular import TabularPredictor

    metric = "root_mean_squared_error" if rows.task == "regression" else "log_loss"
    folder = tempfile.mkdtemp(prefix="autogluon-", dir=Path.cwd())
    predictor = TabularPredictor(TARGET, rows.task, metric, path=folder, verbosity=2)
    train, validation = (
        table.assign(**{TARGET: target})
        for table, target in ((rows.train, rows.train_target), (rows.validation, rows.validation_target))
    )
    predictor.fit(train, validation, presets="medium_quality", time_limit=AUTOGLUON_SECONDS, num_cpus=cores, num_gpus=0)
    if rows.task == "regression":
        return lambda table: predictor.predict(table).to_numpy()
    return lambda table: predictor.predict_proba(table)[list(rows.classes)].to_numpy()


def outputs(model: Any, rows: Rows, table: pd.DataFrame) -> np.ndarray:  # noqa: ANN401 - any of scikit-learn's form
    """Return a model's numbers or probabilities."""
    found = model.predict(table) if rows.task == "regression" else model.predict_proba(table)
    return np.asarray(found, dtype=np.float64)


PACKAGES = {"lightgbm": "lightgbm", "catboost": "catboost", "pytabkit": "pytabkit", "autogluon": "autogluon.tabular"}
# Of each peer what is imported before the clock starts, and what fits it.
INTERFACES = "pytabkit.models.alg_interfaces"
PEERS: dict[str, tuple[tuple[str, ...], Callable[[Rows, int, int], Predict]]] = {
    "LightGBM": (("lightgbm",), fit_lightgbm),
    "CatBoost": (("catboost",), fit_catboost),
    "LGBM_TD": (
        ("pytabkit", f"{INTERFACES}.lightgbm_interfaces", "lightgbm"),
        fit_pytabkit("LGBM_TD", val_metric_name="cross_entropy"),
    ),
    "RealMLP_TD": (
        ("pytabkit", f"{INTERFACES}.nn_interfaces"),
        fit_pytabkit("RealMLP_TD", val_metric_name="cross_entropy", use_ls=False),
    ),
    "TabM_D": (
        ("pytabkit", f"{INTERFACES}.tabm_interface"),
        fit_pytabkit("TabM_D", val_metric_name="cross_entropy"),
    ),
    "AutoGluon": (
        ("autogluon.tabular", "catboost", "fastai.tabular.all", "lightgbm", "torch", "xgboost"),
        fit_autogluon,
    ),
}

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
