"""Real tables of strangers (CASEBOOK_RAW/tables), each from `casebook init` by a short run to predictions elsewhere."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from subprocess import run as run_process
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from comparison_tables import METRICS
from real_tables import TABLES, RealTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow.entities import Run
    from tests.project import Project

pytestmark = pytest.mark.real

# Larger tables are thinned to about so many rows; what there is to learn of these does not show in a few thousand.
MOST_ROWS = {"flights": 24_000, "taxi": 10_000}
USUAL_ROWS = 4_000
EPOCHS = 12
PREDICTED_ROWS = 6
SHORT = (
    f"training.epochs={EPOCHS}", "training.early_stopping.patience=0", "reference.max_iter=30",
    "evaluation.importance_repeats=1",
)  # fmt: skip
# One process for all: starting Kedro and TensorFlow takes longer than a short training.
DECLARE_AND_RUN = """
import json, sys
from casebook.cli.program import program
from casebook.cli.run import run_pipeline

for name, files, target, given in json.load(sys.stdin):
    program(["init", *files, "--target", target, "--name", name], standalone_mode=False)
    try:
        run_pipeline([f"--pipeline={name}", "--params", ",".join(f"{name}.{each}" for each in given)], "kedro run")
    except SystemExit as end:
        assert not end.code, (name, end.code)
"""
PREDICT = """
import json, sys
import mlflow, pandas as pd

found, (address, tables) = {}, json.load(sys.stdin)
mlflow.set_tracking_uri(address)
for name, rows in tables.items():
    answers = mlflow.pyfunc.load_model(f"models:/{name}/1").predict(pd.DataFrame(rows))
    found[name] = json.loads(answers.to_json(orient="records"))
print("ANSWERS" + json.dumps(found))
"""


@dataclass(frozen=True)
class TableRuns:
    """What the runs left.

    Attributes:
        project: with its store.
        said: everything that the process said.
    """

    project: Project
    said: str

    def find_run(self, name: str) -> Run:
        """Return the one run of a table."""
        client = self.project.client
        (run,) = client.search_runs([client.get_experiment_by_name(name).experiment_id])
        return run


def thin_out(name: str, table: RealTable, raw: Path, folder: Path) -> list[Path]:
    """Write every n-th row of a table, and its joined tables whole, into a folder -> its files."""
    first, *joined = table.list_files(name, raw)
    rows = pd.read_csv(first, dtype=str, keep_default_na=False)
    folder.mkdir(parents=True)
    written = folder / f"{name}.csv"
    rows.iloc[:: len(rows) // MOST_ROWS.get(name, USUAL_ROWS) + 1].to_csv(written, index=False)
    return [written, *joined]


def run_script(project: Project, script: str, given: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    done = run_process(
        [sys.executable, "-c", script], cwd=project.root, env=project.environment(), input=json.dumps(given),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(new_project: Callable[[], Project], real_raw: Path) -> TableRuns:
    """Declare and run every table."""
    project, wanted = new_project(), []
    for name, table in TABLES.items():
        files = thin_out(name, table, real_raw, project.root / "data" / "01_raw" / name)
        closed = [f"leaks.{column}=drop" for column in table.closed_columns]
        wanted.append([name, list(map(str, files)), table.target, [*SHORT, *closed]])
    return TableRuns(project, run_script(project, DECLARE_AND_RUN, wanted))


@pytest.fixture(scope="module")
def answers(finished: TableRuns, real_raw: Path) -> dict[str, list[dict[str, Any]]]:
    """Predict the first raw rows of every table in another process, as the registered models do."""
    rows = {name: json.loads(read_rows(name, real_raw).to_json(orient="records")) for name in TABLES}
    said = run_script(finished.project, PREDICT, [finished.project.address, rows])
    found: dict[str, list[dict[str, Any]]] = json.loads(said.partition("ANSWERS")[2].splitlines()[0])
    return found


def read_rows(name: str, raw: Path) -> pd.DataFrame:
    """Read the first rows as a user has them, without the target; those of flights joined."""
    first, *joined = TABLES[name].list_files(name, raw)
    rows = pd.read_csv(first, nrows=PREDICTED_ROWS).drop(columns=TABLES[name].target)
    for file, on in zip(joined, (["tailnum"], ["carrier"], ["origin", "time_hour"]), strict=bool(joined)):
        other = pd.read_csv(file)
        prefix = {} if file.stem == "airlines" else {each: f"{file.stem}_{each}" for each in other if each not in on}
        rows = rows.merge(other.rename(columns=prefix), on=on, how="left")
    return rows


@pytest.mark.parametrize("name", TABLES)
def test_a_short_run_beats_the_baseline(finished: TableRuns, name: str) -> None:
    metrics = finished.find_run(name).data.metrics
    metric = METRICS[TABLES[name].task]
    assert metrics[f"test/{metric}"] < metrics[f"baseline/{metric}"]


@pytest.mark.parametrize("name", TABLES)
def test_every_item_of_the_contract_is_in_mlflow(finished: TableRuns, name: str) -> None:
    run, client = finished.find_run(name), finished.project.client
    metric = METRICS[TABLES[name].task]
    assert run.info.status == "FINISHED"
    assert {f"{who}/{metric}" for who in ("test", "baseline", "reference")} <= set(run.data.metrics)
    assert len(client.get_metric_history(run.info.run_id, "val/loss")) == EPOCHS
    tags = {"case": name, "variant": "default", "data.origin": "files"}
    assert tags.items() <= run.data.tags.items()
    assert run.data.tags["data.fingerprint"]
    assert run.data.tags["command"]
    artifacts = {
        each.path for folder in ("config", "predictions") for each in client.list_artifacts(run.info.run_id, folder)
    }
    assert {"config/parameters.yml", "predictions/test_head.csv"} <= artifacts
    assert any(each.path.endswith(".png") for each in client.list_artifacts(run.info.run_id, "figures"))
    assert str(client.get_model_version_by_alias(name, "champion").version) == "1"


@pytest.mark.parametrize("name", TABLES)
def test_raw_rows_are_predicted_in_another_process_with_labels_as_written(
    answers: dict[str, list[dict[str, Any]]], real_raw: Path, name: str
) -> None:
    table, found = TABLES[name], answers[name]
    assert len(found) == PREDICTED_ROWS
    if table.task == "regression":
        assert all(isinstance(each["prediction"], float) for each in found)
        return
    (file, *_) = table.list_files(name, real_raw)
    written = set(pd.read_csv(file, usecols=[table.target], dtype=str)[table.target].dropna())
    assert {each["class"] for each in found} <= written
