"""The page of a run, made of what the run left in MLflow; runs found by id or case; runs compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from tests.reports.pages import PARAMETERS, make_judged, make_rows, make_tables

from casebook.cli.program import program
from casebook.tracking import run_reports
from casebook.tracking.run_reports import NothingToReportError, write_comparison, write_report
from casebook.tracking.run_search import find_newest, find_run

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import CliRunner


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in whose pages a word stands for the library."""
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "casebook"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASEBOOK_CONF", raising=False)
    library = tmp_path / "environment"
    library.mkdir()
    monkeypatch.setattr(run_reports, "environment_cache", lambda: library)
    import vl_convert

    from casebook.reports.chart_library import END, name_library

    (library / name_library(vl_convert.get_vega_version())).write_text(f"window.library = 1;{END}")
    return tmp_path


def log_training(case: str = "pima", folder: Path | None = None, shift: float = 0.0, **parameters: object) -> str:
    """Log what a training leaves; with a folder also its predictions, shifted towards one class."""
    mlflow.set_experiment(case)
    with mlflow.start_run(run_name="default") as run:
        tables, intervals = make_tables()
        for name, values in (("report_tables", tables), ("score_intervals", intervals)):
            mlflow.log_dict(values, f"report/{name}.json")
        mlflow.log_text(yaml.safe_dump({case: {**PARAMETERS, **parameters}}), "config/parameters.yml")
        mlflow.log_text("a page", "profile/patients table.html")
        mlflow.log_metrics({"baseline/auc": 0.5, "data/test_rows": 400})
        mlflow.set_tag("data.fingerprint", "beef")
    if folder is not None:
        place = folder / "data" / "runs" / case / run.info.run_id / "07_model_output"
        place.mkdir(parents=True)
        rows = make_rows()
        own = make_judged("binary", rows)
        outputs = np.clip(own.outputs + shift, 0, 1)
        predictions = pd.DataFrame({"probability": outputs, "actual": own.target})
        predictions.to_parquet(place / "test_predictions.parquet")
        pd.DataFrame({"row": range(400), "key": rows["person"], "word": "person"}).to_parquet(
            place / "test_keys.parquet"
        )
    return str(run.info.run_id)


def test_the_page_lies_among_the_artifacts_and_in_the_project_and_links_the_profile(project: Path) -> None:
    run_id = log_training()
    file = write_report(run_id)
    assert file == project / "data" / "08_reporting" / "pima" / f"training-{run_id}.html"
    page = file.read_text()
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/report.html") == page
    assert 'href="profile/patients%20table.html"' in page
    assert "window.library = 1;" in page
    tags = MlflowClient().get_run(run_id).data.tags
    assert tags["report"] == f"data/08_reporting/pima/training-{run_id}.html"


def test_the_page_of_a_run_with_a_folder_lies_in_it(project: Path) -> None:
    run_id = log_training(folder=project)
    assert write_report(run_id) == project / "data" / "runs" / "pima" / run_id / "08_reporting" / "report.html"


def test_a_study_and_a_monitor_have_a_page_of_their_own(project: Path) -> None:
    mlflow.set_experiment("pima")
    found = {}
    for job, name, table in (
        ("study", "study/leaderboard.csv", "trial,state,val/auc,pima.x,run_id\n0,complete,0.8,3,a\n"),
        ("monitor", "monitoring/weekly.csv", "week,rows,auc,test,level,below\nall,9,0.8,0.9,0.85,True\n"),
    ):
        blocks = {
            "study": {"metric": "val/auc"},
            "monitor": {"outcomes": "o.csv", "drop": 0.05, "min_rows_per_week": 1},
        }
        with mlflow.start_run(run_name=job) as run:
            mlflow.log_text(table, name)
            mlflow.log_text(yaml.safe_dump({"pima": {**PARAMETERS, **blocks}}), "config/parameters.yml")
        found[job] = write_report(run.info.run_id).read_text()
    assert "there is no winner yet" in found["study"]
    assert "Below the level: all." in found["monitor"]
    assert not list(project.glob("data/08_reporting/pima/training*"))


def test_runs_without_tables_have_no_page_and_say_why(project: Path) -> None:  # noqa: ARG001 - the current folder
    with mlflow.start_run() as run:
        mlflow.log_text("a", "figures/a.txt")
    with pytest.raises(NothingToReportError, match=f"run {run.info.run_id} has nothing to report"):
        write_report(run.info.run_id)


def test_a_run_is_found_by_the_beginning_of_its_id_or_as_the_newest_of_its_case(project: Path) -> None:  # noqa: ARG001
    first, second = log_training(), log_training()
    with mlflow.start_run():
        mlflow.log_text("a", "figures/a.txt")
    assert find_run(first[:8]) == first
    assert find_newest() == find_newest("pima") == second
    with pytest.raises(NothingToReportError, match="there is no run whose id begins with 'zzzz'"):
        find_run("zzzz")
    with pytest.raises(NothingToReportError, match="there is no run whose id begins with ''"):
        find_run("")
    with pytest.raises(NothingToReportError, match="there is no run of boston that leaves a"):
        find_newest("boston")


def test_runs_on_the_same_rows_are_compared_by_a_paired_bootstrap(project: Path) -> None:
    runs = [log_training(folder=project), log_training(folder=project, shift=0.3, training={"epochs": 9})]
    file = write_comparison([*runs, runs[0]])
    assert file == project / "data" / "08_reporting" / "pima" / f"comparison-{runs[0][:6]}-{runs[1][:6]}.html"
    page = file.read_text()
    assert "training.epochs" in page
    assert "are not compared row by row" not in page
    first, other = (run_reports.read_compared(run_id) for run_id in runs)
    from casebook.reports.comparison import compare_pair

    gains = {row["name"]: row for row in compare_pair(first, other)}
    assert other.own is not None
    assert first.own is not None
    expected = other.own.scorers()["accuracy"](None) - first.own.scorers()["accuracy"](None)
    assert gains["accuracy"]["gain"] == pytest.approx(expected)
    assert gains["accuracy"]["low"] < expected < gains["accuracy"]["high"]
    # A shift keeps the order of probabilities up to those that it cuts off at 1, and makes them wrong by so much.
    assert gains["log_loss"]["low"] < gains["log_loss"]["gain"] < gains["log_loss"]["high"] < 0


def test_the_command_makes_a_page_or_refuses_in_one_line(project: Path, runner: CliRunner) -> None:
    run_id = log_training()
    done = runner.invoke(program, ["report", run_id[:7]])
    assert done.output.strip() == str(project / "data" / "08_reporting" / "pima" / f"training-{run_id}.html")
    other = log_training("boston")
    refused = runner.invoke(program, ["report", run_id, other])
    assert refused.exit_code == 1
    assert refused.output == "Error: these are runs of boston and pima: compare those of one case\n"


@pytest.fixture
def runner() -> CliRunner:
    from click.testing import CliRunner

    return CliRunner()
