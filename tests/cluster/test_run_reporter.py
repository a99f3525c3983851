"""A trial's MLflow run, logged from the worker that trains it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from casebook.cluster.run_reporter import RunReporter
from casebook.cluster.tickets import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable


def make_reporter(start: Callable[..., str]) -> tuple[RunReporter, Outcome, list[Any]]:
    """Make a reporter whose runs are opened by `start`; what they are ended with is kept."""
    ended: list[Any] = []
    runs: Any = SimpleNamespace(start=start, end=lambda *told: ended.append(told))
    outcome = Outcome(3)
    return RunReporter(runs, outcome), outcome, ended


def test_a_training_begins_while_its_run_is_opened_and_its_curves_are_whole() -> None:
    client, answered = mlflow.MlflowClient(), threading.Event()

    def start(*_told: object) -> str:
        assert answered.wait(10), "the training waits for its run"
        return str(client.create_run("0").info.run_id)

    reporter, outcome, ended = make_reporter(start)
    reporter.start(3, {}, None)
    # It has come back although nobody has answered.
    answered.set()
    reporter.send_epoch(1, {"val/loss": 0.5})
    reporter.send_epoch(2, {"val/loss": 0.25})
    reporter.end("COMPLETE", "", {"val/loss": 0.25}, 2.0)
    points = client.get_metric_history(reporter.find_run(), "val/loss")
    assert [(point.step, point.value) for point in points] == [(1, 0.5), (2, 0.25)]
    assert ended == [(3, "COMPLETE", "", {"val/loss": 0.25})]
    assert (outcome.state, outcome.metrics) == ("COMPLETE", {"val/loss": 0.25})
    assert outcome.seconds["training"] + outcome.seconds["storing"] >= 2.0


def test_a_run_that_the_server_refuses_fails_its_trial_at_the_first_epoch_and_is_not_ended() -> None:
    def start(*_told: object) -> str:
        raise MlflowException("the experiment is deleted")

    reporter, outcome, ended = make_reporter(start)
    reporter.start(3, {}, None)
    with pytest.raises(MlflowException, match="the experiment is deleted"):
        reporter.send_epoch(1, {"val/loss": 0.5})
    assert reporter.find_run() == ""
    reporter.end("FAIL", "MlflowException: the experiment is deleted", {}, 1.0)
    assert (outcome.state, outcome.message) == ("FAIL", "MlflowException: the experiment is deleted")
    assert ended == []


def test_a_trial_that_has_not_begun_has_no_run() -> None:
    reporter, outcome, ended = make_reporter(lambda *_told: "never")
    assert reporter.find_run() == ""
    reporter.end("INTERRUPTED", "interrupted", {}, 0.0)
    assert (outcome.state, ended) == ("INTERRUPTED", [])
