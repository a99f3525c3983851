"""Runs and tables for pages, some with names and values that would break a careless page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from casebook.evaluation.metrics import MAIN_METRIC
from casebook.reports.judged import Judged
from casebook.reports.reported_run import ReportedRun
from casebook.reports.score_intervals import measure_intervals
from casebook.reports.test_tables import tabulate_test

HOSTILE = "<script>window.broken = 1</script>"
# Ends a script element, a template's text and a JSON string.
VALUES = (HOSTILE, "</script><img src=x onerror='window.broken = 1'>", "{{ 7 * 7 }}", '"],', "plain")
PARAMETERS: dict[str, Any] = {
    "task": "binary", "target": HOSTILE, "split": {"strategy": "person"}, "duplicates": "keep",
    "leaks": {"duration": "drop", "Customers": "keep"}, "reference": {"name": "boosted_trees"},
    "evaluation": {"costs": {"false_positive": 1.0, "false_negative": 5.0}}, "training": {"epochs": 3},
}  # fmt: skip


def make_rows(count: int = 400, seed: int = 0) -> pd.DataFrame:
    """Make raw rows: a hostile column of hostile values, a number, a date, and who they are of."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            HOSTILE: pd.Categorical.from_codes(generator.integers(0, len(VALUES), count), VALUES),
            "amount": generator.normal(size=count),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(generator.integers(0, 90, count), unit="D"),
            "person": generator.integers(0, count // 4, count).astype(str),
        }
    )


def make_judged(task: str, rows: pd.DataFrame, seed: int = 1) -> Judged:
    """Make predictions that go with the amount."""
    generator, amount = np.random.default_rng(seed), rows["amount"].to_numpy()
    if task == "regression":
        return Judged("regression", amount, amount + generator.normal(0, 0.3, len(rows)), 0.5)
    if task == "multiclass":
        outputs = generator.dirichlet([1, 1, 1], len(rows))
        return Judged("multiclass", generator.integers(0, 3, len(rows)), outputs, 0.5)
    probability = 1 / (1 + np.exp(-2 * amount))
    return Judged("binary", (generator.random(len(rows)) < probability).astype(int), probability, 0.45)


def make_tables(task: str = "binary", count: int = 400) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the tables and the intervals of a page."""
    rows = make_rows(count)
    own, other = make_judged(task, rows), make_judged(task, rows, seed=2)
    keys = pd.DataFrame({"row": np.arange(count), "key": rows["person"], "word": "person"})
    history = pd.DataFrame({"epoch": [1, 2, 3], "train/loss": [3.0, 2.0, 0.05], "val/loss": [3.0, 2.5, np.nan]})
    importance = pd.DataFrame({"raw_column": [HOSTILE, "amount", "day"], "drop_mean": [0.2, 0.1, -0.01],
        "drop_std": 0.01, "metric": MAIN_METRIC[task]})  # fmt: skip
    labels = {"binary": ["no", HOSTILE], "multiclass": ["a", "b", HOSTILE]}.get(task, [])
    tables = tabulate_test(own, rows.drop(columns="person"), keys, history, importance, labels)
    other = Judged(own.task, own.target, other.outputs, 0.5)
    return tables, measure_intervals(own, other, keys["key"], "person")


def make_run(task: str = "binary", job: str = "training", **changed: Any) -> ReportedRun:  # noqa: ANN401 - any field
    """Make a run that is told of as hostile as it can be."""
    metrics = {"data/train_rows": 1000.0, "data/test_rows": 400.0, "test/seen_person_share": 0.0}
    metrics |= {f"baseline/{name}": 0.5 for name in ("accuracy", "auc", "log_loss", "f1", "mae", "mse", "rmse")}
    tags = {"command": f"kedro run --params {HOSTILE}", "data.origin": "sample", "leak_suspects": HOSTILE}
    parameters = {**PARAMETERS, "task": task}
    files = ("report", "config", "profile")
    profiles = {HOSTILE: "profile/%3Cscript%3E.html"}
    given = {"run_id": "f00dfeed" * 4, "name": HOSTILE, "case": "pima", "job": job, "begun": "2026-11-29 17:07"}
    return ReportedRun(**{**given, "metrics": metrics, "tags": tags, "parameters": parameters, "profiles": profiles,
        "files": files, **changed})  # fmt: skip
