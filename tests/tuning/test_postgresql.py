"""A study in PostgreSQL: joined by several processes, nothing lost and nothing doubled."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from optuna.trial import TrialState

from casebook.tuning.study import StudyLocation, create_or_join_study, open_location
from postgresql_server import postgresql_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tuning.conftest import Studied

pytestmark = pytest.mark.services
WORKER = Path(__file__).parents[2] / "benchmarks" / "store_trials.py"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql_server(tmp_path_factory.mktemp("postgresql")) as address:
        yield address


def begin(address: str) -> StudyLocation:
    place = open_location(address, "toy")
    create_or_join_study(place, ["minimize"], {"space": {}}, [], lambda: "run-1")
    return place


def test_eight_processes_lose_and_double_no_trial(server: str) -> None:
    place = begin(server)
    command = [sys.executable, str(WORKER), server, "toy", "40"]
    workers = [subprocess.Popen(command) for _ in range(8)]
    assert [worker.wait(timeout=600) for worker in workers] == [0] * 8
    trials = place.load().get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 40
    assert Counter(trial.number for trial in trials) == Counter(range(40))
    assert len({trial.params["x"] for trial in trials}) == 40


def test_a_study_of_a_case_is_kept_there(server: str, run_study: Callable[..., Studied]) -> None:
    space = {"training": {"network": {"hidden": {"choice": [[8], [16]]}}}}
    study = {
        "sampler": "grid",
        "space": space,
        "workers": 2,
        "pruner": "none",
        "folds": 0,
        "seeds": 1,
        "storage": server,
    }
    found = run_study("attrition", study=study, training={"epochs": 1})
    assert found.code == 0, found.said[-3000:]
    trials = open_location(server, "attrition").load().get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    assert {run.info.status for run in found.children.values()} == {"FINISHED"}
    assert found.children[0].data.tags["optuna.storage"].startswith("postgresql://casebook@127.0.0.1:")
