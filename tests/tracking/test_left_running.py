from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import mlflow
import pytest
from mlflow import MlflowClient

from casebook.runtime.processes import this_process
from casebook.tracking.left_running import PROCESS_TAG, close_left_running, process_tags, tagging_new_runs

if TYPE_CHECKING:
    from casebook.runtime.processes import ProcessIdentity

GONE = replace(this_process(), started="1")


def tag(process: ProcessIdentity, number: int = 1) -> dict[str, str]:
    return {f"{PROCESS_TAG}{number}": json.dumps(process.describe())}


def start(tags: dict[str, str], case: str = "toy") -> str:
    client = MlflowClient()
    experiment = client.get_experiment_by_name(case)
    found = experiment.experiment_id if experiment else client.create_experiment(case)
    return str(client.create_run(found, tags=tags).info.run_id)


def close(case: str | None = "toy") -> list[str]:
    return close_left_running(mlflow.get_tracking_uri(), case)


def status(run_id: str) -> str:
    return str(MlflowClient().get_run(run_id).info.status)


def test_a_run_whose_process_is_gone_is_killed_and_says_why() -> None:
    run_id = start(tag(GONE))
    assert close() == [run_id]
    run = MlflowClient().get_run(run_id)
    assert (run.info.status, run.data.tags["error"]) == ("KILLED", "its process was killed")
    assert run.info.end_time


@pytest.mark.parametrize(
    "tags",
    [
        {},
        process_tags(),
        tag(replace(GONE, host="another")),
        tag(GONE) | tag(this_process(), 2),
        tag(GONE) | tag(replace(GONE, host="another"), 2),
        {f"{PROCESS_TAG}1": "damaged"},
    ],
)
def test_a_run_that_may_be_at_work_is_left_alone(tags: dict[str, str]) -> None:
    run_id = start(tags)
    assert close() == []
    assert status(run_id) == "RUNNING"


def test_children_go_by_their_own_process_else_by_that_of_their_parent() -> None:
    parent = start(tag(GONE))
    below = {"mlflow.parentRunId": parent}
    old, other = start(below), start({**below, **process_tags()})
    assert set(close()) == {parent, old}
    assert status(other) == "RUNNING"


def test_runs_of_other_cases_are_left_unless_all_are_asked_for() -> None:
    run_id = start(tag(GONE), "other")
    start({})
    assert close() == []
    assert close(None) == [run_id]


def test_a_run_has_the_tag_of_its_process_from_the_first_moment_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", json.dumps({"job": "7"}))
    with tagging_new_runs(), mlflow.start_run() as run:
        pass
    assert process_tags().items() | {("job", "7")} <= run.data.tags.items()
    with mlflow.start_run() as later:
        pass
    assert not process_tags().keys() & later.data.tags.keys()
