"""Options of Kedro's run that a run here cannot follow: refused before anything is read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import mlflow
import pytest

from casebook.config.quiet import QUIET_VARIABLE, is_quiet
from casebook.run_folders.finding import tabulate_resumable
from casebook.run_folders.folder import RUNNING, RunFacts, RunFolder
from casebook.training.checkpoints import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--async", "--async: leave it out. Nodes log to one MLflow run"),
        ("--runner-params=is_async=true", "--async: leave it out"),
        ("--runner=ThreadRunner", "--runner=ThreadRunner: leave it out"),
        ("--runner=ParallelRunner", "--runner=ParallelRunner: leave it out"),
        ("--only-missing-outputs", "--params <case>.reuse=true skips what is up to date"),
        ("--load-versions=pima.network:2026", "datasets have no versions; --params <case>.from_run=<run id> names"),
        ("--runner=NoRunner", "has no attribute 'NoRunner'"),
        ("--runner=nothing.Runner", "No module named 'nothing'"),
        ("--runner-params=workers=2", "unexpected keyword argument 'workers'"),
    ],
)
def test_an_option_that_cannot_be_followed_is_refused_in_one_line(
    casebook: Callable[..., Result], option: str, said: str
) -> None:
    result = casebook("run", "--pipelines=pima", option)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert mlflow.search_runs(search_all_experiments=True).empty


@pytest.mark.parametrize("case", ["pima", "churn_2"])
def test_runs_that_can_be_resumed_are_listed_those_of_a_users_own_case_too(
    casebook: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    own = tmp_path / "conf" / "local" / "churn_2"
    own.mkdir(parents=True)
    (own / "parameters.yml").write_text("churn_2: {data: {tables: {}}}")
    monkeypatch.setenv("CASEBOOK_CONF", str(tmp_path / "conf"))
    assert casebook("run", "--list-resumable").output == "no run was broken off in its training\n"
    folder = RunFolder(case, "abc")
    facts = RunFacts("training", {}, state=RUNNING, begun=1_800_000_000)
    folder.write(facts)
    Checkpoint(folder.checkpoint, "abc").save({"history": [{"epoch": 1, "train/loss": 0.5}]}, [])
    assert casebook("run", "--list-resumable").output == tabulate_resumable([(folder, facts)]) + "\n"


def test_quiet_reaches_what_prints_and_logs(casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    # Put back to what they were when the test is over.
    monkeypatch.setenv(QUIET_VARIABLE, "")
    monkeypatch.setattr(logging.getLogger("casebook"), "level", logging.INFO)
    assert not is_quiet()
    # Refused before anything is read.
    assert casebook("run", "--pipelines=pima", "--quiet", "--runner=ThreadRunner").exit_code == 2
    assert is_quiet()
    assert logging.getLogger("casebook").level == logging.WARNING
