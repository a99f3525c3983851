"""Runs that end otherwise than by themselves, and curves while a run is still training."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mlflow.entities import Run
    from tests.conftest import Finished

TRAIN = (
    "run",
    "--env",
    "test",
    "--from-nodes",
    "redhat.train_network",
    "--to-nodes",
    "redhat.train_network",
    "--params",
)
FOR_EVER = "redhat.training.epochs=1000000,redhat.training.early_stopping.patience=0,redhat.training.seed="
SIGNALS = {"101": signal.SIGINT, "102": signal.SIGTERM}
SEED = "redhat.training.seed"


@dataclass(frozen=True)
class Stopped:
    """A training that was stopped, and how many points its curves had while it ran."""

    code: int
    said: str
    run: Run
    points: int


@pytest.fixture(scope="module")
def stopped(finished: Finished) -> dict[str, Stopped]:
    """Start two trainings at once, wait for their curves, stop each, by signal."""
    project = finished.project
    network = project.root / "data" / "runs" / "redhat" / "latest" / "06_models" / "network.keras"
    kept = network.read_bytes()
    processes = {seed: project.start(*TRAIN, f"{FOR_EVER}{seed}") for seed in SIGNALS}
    running: dict[str, Run] = {}

    def have_curves() -> bool:
        for run in project.runs():
            if run.data.params.get(SEED) in SIGNALS and run.info.status == "RUNNING" and "val/loss" in run.data.metrics:
                running[run.data.params[SEED]] = run
        return len(running) == len(SIGNALS)

    for process in processes.values():
        project.wait_for(have_curves, process)
    points = {
        seed: len(project.client.get_metric_history(run.info.run_id, "val/loss")) for seed, run in running.items()
    }
    ends = {seed: project.stop(process, SIGNALS[seed]) for seed, process in processes.items()}
    assert network.read_bytes() == kept
    return {
        SIGNALS[seed].name: Stopped(*ends[seed], project.client.get_run(run.info.run_id), points[seed])
        for seed, run in running.items()
    }


def test_curves_can_be_read_while_the_training_runs(stopped: dict[str, Stopped]) -> None:
    assert all(end.points >= 1 for end in stopped.values())


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 1), ("SIGTERM", 143)])
def test_a_run_that_is_stopped_while_it_trains_counts_as_killed(
    stopped: dict[str, Stopped], name: str, code: int
) -> None:
    end = stopped[name]
    assert end.run.info.status == "KILLED", end.said
    assert end.run.info.end_time is not None
    assert end.code == code


def test_two_runs_at_once_in_one_store_are_two_runs(stopped: dict[str, Stopped]) -> None:
    assert len({end.run.info.run_id for end in stopped.values()}) == 2
