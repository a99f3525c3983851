"""The leaderboard as a person sees it: runs of the same test rows in a table, of others in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from tests.reports.pages import PARAMETERS, make_judged, make_rows

from casebook.cli.program import program
from casebook.reports.judged import Judged
from casebook.reports.score_intervals import measure_intervals

if TYPE_CHECKING:
    from pathlib import Path

ROWS = make_rows()
TARGET = make_judged("binary", ROWS).target
KEYS = ROWS["person"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "casebook"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def judged(noise: float, seed: int) -> Judged:
    """Make predictions that go with the amount, more or less."""
    generator = np.random.default_rng(seed)
    score = 2 * ROWS["amount"].to_numpy() + generator.normal(0, noise, len(ROWS))
    return Judged("binary", TARGET, 1 / (1 + np.exp(-score)), 0.5)


def log_run(
    project: Path,
    name: str,
    noise: float,
    rows: str = "rows1",
    job: str = "report",
    **changed: Any,  # noqa: ANN401
) -> tuple[str, Judged]:
    """Log what a training or a study leaves: scores, intervals, and predictions of its network and its reference."""
    own, other = judged(noise, seed=1), judged(1.5, seed=2)
    measured = measure_intervals(own, None if job == "study" else other, KEYS, "person")
    facts = {"task": "binary", "fingerprint": rows, "threshold": 0.5, "reference_threshold": 0.5}
    mlflow.set_experiment("pima")
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_dict({**measured, **facts}, "report/score_intervals.json")
        if job == "study":
            mlflow.log_text("trial\n0\n", "study/leaderboard.csv")
        parameters = {**PARAMETERS, **changed.get("parameters", {})}
        mlflow.log_text(yaml.safe_dump({"pima": parameters}), "config/parameters.yml")
        counted = {} if job == "study" else {"data/test_rows": 400}
        mlflow.log_metrics({"test/auc": 0.5, "baseline/auc": 0.5, **counted, **changed.get("metrics", {})})
        mlflow.set_tags({"data.fingerprint": "beef"})
    place = project / "data" / "runs" / "pima" / run.info.run_id / "07_model_output"
    place.mkdir(parents=True)
    models = {"winner": own} if job == "study" else {"test": own, "reference": other}
    for who, each in models.items():
        frame = pd.DataFrame({"probability": each.outputs, "actual": TARGET})
        frame.to_parquet(place / f"{who}_predictions.parquet")
    pd.DataFrame({"row": range(400), "key": KEYS, "word": "person"}).to_parquet(place / "test_keys.parquet")
    return run.info.run_id[:6], own


def show(*words: str) -> str:
    done = CliRunner().invoke(program, ["leaderboard", "pima", *words])
    assert done.exit_code == 0, done.output
    return done.output


def cells_of(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]


def test_runs_of_the_same_rows_are_ranked_beside_reference_and_baseline(project: Path) -> None:
    worse, _ = log_run(project, "rough", 3.0)
    better, own = log_run(project, "fine", 0.5)
    said = show()
    found = cells_of(said)
    assert [cells[:2] for cells in found] == [
        ["network", f"{better} fine"],
        ["reference, boosted trees", f"{better} and 1 more"],
        ["network", f"{worse} rough"],
        ["baseline", f"{better} and 1 more"],
    ]
    auc = own.scorers()["auc"](None)
    assert found[0][2].startswith(f"{auc:.3f} [")
    assert found[0][3] == found[3][3] == ""
    behind = auc - judged(3.0, seed=1).scorers()["auc"](None)
    assert found[2][3].startswith(f"{behind:.3f} [")
    assert "400 test rows, by person: all rows of one person lie on one side" in said.replace("\n", "")
    assert "sets of test rows" not in said


def test_what_was_tested_on_other_rows_has_a_table_of_its_own(project: Path) -> None:
    log_run(project, "fine", 0.5, rows="rows1")
    other, _ = log_run(project, "lucky", 0.1, rows="rows2")
    said = show()
    assert said.index(f"{other} lucky") < said.index("fine")
    assert said.count("behind the best ┃") == 2
    assert "2 sets of test rows, a table each: what is on different rows is never ranked together." in said


def test_a_studys_best_stands_among_the_runs(project: Path) -> None:
    study, _ = log_run(project, "study pima", 0.5, job="study")
    assert "pima  400 test rows, by person" in show()
    log_run(project, "rough", 3.0)
    log_run(project, "study again", 0.9, job="study")
    said = show()
    assert cells_of(said)[0][:2] == ["study's best", f"{study} study pima"]
    assert "pima  400 test rows, by person" in said


def test_scores_of_rows_that_count_by_a_weight_have_a_table_of_their_own(project: Path) -> None:
    log_run(project, "fine", 0.5)
    weighed, _ = log_run(project, "weighed", 0.1, parameters={"weight": "people"})
    said = " ".join(show().split())
    assert said.index(f"{weighed} weighed") < said.index("fine")
    assert said.count("behind the best ┃") == 2
    assert said.count(", weighed by people; rows rows1") == 1


def test_another_metric_ranks_and_an_unknown_one_is_refused_in_a_line(project: Path) -> None:
    log_run(project, "fine", 0.5)
    assert "log loss" in show("--metric", "log_loss")
    done = CliRunner().invoke(program, ["leaderboard", "pima", "--metric", "mae"])
    assert done.exit_code == 1
    assert len(done.output.splitlines()) == 1
    assert "mae" in done.output


def test_more_than_the_limit_are_counted(project: Path) -> None:
    log_run(project, "fine", 0.5)
    said = show("--limit", "1")
    assert len(cells_of(said)) == 1
    assert "2 more: --limit 3" in said


@pytest.mark.usefixtures("project")
def test_a_case_without_runs_says_what_to_do() -> None:
    done = CliRunner().invoke(program, ["leaderboard", "pima"])
    told = "no finished run of pima has test scores with their rows: kedro run --pipeline=pima"
    assert (done.exit_code, done.output) == (1, f"Error: {told}\n")


def test_runs_without_a_record_of_their_rows_are_left_out_and_counted(project: Path) -> None:
    log_run(project, "fine", 0.5)
    with mlflow.start_run(run_name="early"):
        mlflow.log_metrics({"test/auc": 0.99})
    with mlflow.start_run(run_name="update"):
        mlflow.log_metrics({"test/auc": 0.99, "update/rows": 3})
    said = show()
    assert "left out: 1 finished runs that kept no record of which rows they were tested on." in said
    assert "early" not in said


def test_runs_before_many_trials_are_found_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early, _ = log_run(project, "early", 0.5)
    with mlflow.start_run(run_name="parent") as parent:
        for _ in range(3):
            mlflow.MlflowClient().create_run(parent.info.experiment_id, tags={"mlflow.parentRunId": parent.info.run_id})
    monkeypatch.setattr("casebook.tracking.run_search.RUNS_A_PAGE", 2)
    assert f"{early} early" in show()


def test_scores_of_runs_whose_folders_have_gone_are_ranked_without_differences(project: Path) -> None:
    for name, noise in (("rough", 3.0), ("fine", 0.5)):
        run_id, _ = log_run(project, name, noise)
        (folder,) = (project / "data" / "runs" / "pima").glob(f"{run_id}*")
        for file in folder.rglob("*.parquet"):
            file.unlink()
    assert [cells[3] for cells in cells_of(show())] == ["", "", "", ""]
