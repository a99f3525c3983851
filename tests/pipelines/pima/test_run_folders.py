"""Runs of one case at the same time and one after another: each keeps its files, and finds those of others by id."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow.entities import Run
    from tests.project import Project

SCALINGS = ("standard", "none")
# Where nothing is asserted of what a run shows of itself.
PLAIN = ("pima.profile=none", "pima.figures=none", "pima.report=none")
LONG = ("pima.training.epochs=4000", "pima.training.early_stopping.patience=0", "pima.training.batch_size=32", *PLAIN)


def command(*given: str, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    return ("run", "--pipelines=pima", "--env", "test", *more, "--params", ",".join(given))


def runs_of(project: Project) -> list[Run]:
    experiment = project.client.get_experiment_by_name("pima")
    return list(project.client.search_runs([experiment.experiment_id])) if experiment else []


def run(project: Project, *given: str, more: tuple[str, ...] = ()) -> Run:
    code, said = project.kedro(*command(*given, more=more))
    assert code == 0, said[-3000:]
    return runs_of(project)[0]


def scores_of(found: Run) -> dict[str, float]:
    return {name: value for name, value in found.data.metrics.items() if name.startswith(("test/", "fit/", "val/"))}


def by_scaling(project: Project) -> dict[str, Run]:
    return {found.data.params["pima.preprocessing.scaling"]: found for found in runs_of(project)}


@pytest.fixture(scope="module")
def alone(new_project: Callable[[], Project]) -> Project:
    """A project in which each scaling was run by itself."""
    project = new_project()
    for scaling in SCALINGS:
        run(project, f"pima.preprocessing.scaling={scaling}")
    return project


@pytest.fixture(scope="module")
def together(new_project: Callable[[], Project], alone: Project) -> Project:
    """A project in which all were started at once, on rows that were there before."""
    project = new_project()
    raw = project.root / "data" / "01_raw"
    raw.parent.mkdir()
    os.rename(alone.root / "data" / "01_raw", raw)  # noqa: PTH104 - as short
    started = [project.start(*command(f"pima.preprocessing.scaling={scaling}")) for scaling in SCALINGS]
    for process in started:
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 0, said[-3000:]
    return project


def test_runs_at_once_give_what_they_give_alone(alone: Project, together: Project) -> None:
    expected, found = by_scaling(alone), by_scaling(together)
    assert scores_of(expected["standard"]) != scores_of(expected["none"])
    for scaling in SCALINGS:
        assert scores_of(found[scaling]) == scores_of(expected[scaling]), scaling


@pytest.mark.usefixtures("together")
def test_a_part_takes_over_the_files_of_the_newest_finished_run_or_of_a_stated_one(alone: Project) -> None:
    before = by_scaling(alone)
    from_train = ("--from-nodes=pima.train_network",)
    newest = run(alone, "pima.training.seed=1", *PLAIN[1:], more=from_train)
    stated = run(alone, f"pima.from_run={before['standard'].info.run_id}", *PLAIN[1:], more=from_train)
    for found, scaling in ((newest, "none"), (stated, "standard")):
        assert found.data.tags["from_run"] == before[scaling].info.run_id
        assert found.data.params["pima.preprocessing.scaling"] == scaling
        assert found.data.metrics["test/auc"] == before[scaling].data.metrics["test/auc"]
        file = alone.client.download_artifacts(found.info.run_id, "config/parameters.yml")
        assert f"scaling: {scaling}" in open(file).read()  # noqa: PTH123, SIM115


@pytest.mark.usefixtures("together")
def test_parameters_of_nodes_that_do_not_run_are_refused_where_they_differ(alone: Project) -> None:
    runs = len(runs_of(alone))
    words = command("pima.preprocessing.scaling=minmax", more=("--from-nodes=pima.train_network",))
    code, said = alone.kedro(*words)
    assert code == 2
    said = " ".join(said.split())
    assert "pima.preprocessing.scaling is minmax, but pima.fit_preprocessor does not run" in said
    assert "(--from-nodes=pima.fit_preprocessor)" in said
    assert "Traceback" not in said
    assert len(runs_of(alone)) == runs


def checkpoint(project: Project) -> Path | None:
    found = (project.root / "data" / "runs" / "pima").glob("*/06_models/checkpoint.bin")
    return next((file for file in found if file.parts[-3] != "latest"), None)


@pytest.fixture(scope="module")
def killed(together: Project) -> tuple[Project, str]:
    """A run that was killed in training, and another one of the case that ran after it -> the first one's id."""
    process = together.start(*command(*LONG))
    together.wait_for(lambda: checkpoint(together) is not None, process)
    folder = checkpoint(together)
    assert folder is not None
    assert together.stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    run_id = folder.parts[-3]
    assert together.client.get_run(run_id).info.status == "RUNNING"
    run(together, "pima.training.seed=3", "pima.reference.name=none", *PLAIN)
    return together, run_id


def test_the_next_command_of_the_case_ends_a_run_whose_process_is_gone(killed: tuple[Project, str]) -> None:
    project, run_id = killed
    found = project.client.get_run(run_id)
    assert found.info.status == "KILLED"
    assert found.data.tags["error"] == "its process was killed"
    assert [run.info.run_id for run in runs_of(project) if run.info.status == "RUNNING"] == []


def test_a_run_that_cannot_be_resumed_is_told_with_those_that_can(killed: tuple[Project, str]) -> None:
    project, run_id = killed
    code, said = project.kedro(*command(*LONG, "pima.resume=other"))
    assert code == 2
    assert "pima.resume: there is no folder of run other; these can be resumed:" in " ".join(said.split())
    (line,) = [line for line in said.splitlines() if line.startswith(run_id)]
    _, case, *_, epoch, name, _, _, _ = line.split()
    assert (case, name) == ("pima", "train/loss")
    assert int(epoch) >= 1


def test_a_run_that_was_killed_in_training_goes_on_after_other_runs_of_the_case(killed: tuple[Project, str]) -> None:
    project, run_id = killed
    process = project.start(*command(*LONG, f"pima.resume={run_id}"))
    reached = len(project.client.get_metric_history(run_id, "train/loss"))
    project.wait_for(lambda: len(project.client.get_metric_history(run_id, "train/loss")) > reached, process)
    assert project.client.get_run(run_id).info.status == "RUNNING"
    project.stop(process, signal.SIGTERM)
    points = project.client.get_metric_history(run_id, "train/loss")
    assert [point.step for point in points] == list(range(1, len(points) + 1))
    assert json.loads((project.root / "data" / "runs" / "pima" / run_id / "run.json").read_text())["job"] == "training"


def test_a_run_that_was_killed_after_its_training_goes_on_without_training_anew(
    alone: Project, together: Project
) -> None:
    folders = together.root / "data" / "runs" / "pima"
    before = set(folders.iterdir())
    given = ("pima.preprocessing.scaling=standard", *PLAIN)
    process = together.start(*command(*given))
    made: list[Path] = []

    def is_trained() -> bool:
        made[:] = [path for path in set(folders.iterdir()) - before if (path / "06_models" / "network.keras").exists()]
        return bool(made)

    together.wait_for(is_trained, process)
    together.stop(process, signal.SIGKILL)
    run_id = made[0].name
    resumed = run(together, *given, f"pima.resume={run_id}")
    assert (resumed.info.run_id, resumed.info.status) == (run_id, "FINISHED")
    assert scores_of(resumed) == scores_of(by_scaling(alone)["standard"])
    assert not (made[0] / "06_models" / "checkpoint.bin").exists()
    assert list((together.root / "data").rglob(".unfinished*")) == []
