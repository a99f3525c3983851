"""Runs of trials in MLflow, their ends among them."""

from __future__ import annotations

import mlflow
import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from casebook.config.loader import read_case
from casebook.config.resolve import resolve_case
from casebook.tuning.plan import StudyPlan
from casebook.tuning.trial_runs import TrialRuns


@pytest.fixture
def plan() -> StudyPlan:
    parameters = resolve_case("pima", read_case("pima"), {})
    return StudyPlan(
        case="pima",
        parameters=parameters,
        name="pima",
        storage="journal:///study.journal",
        folder="",
        environment="local",
        fingerprint="",
    )


def make_trial(number: int, state: TrialState, **attributes: object) -> FrozenTrial:
    trial = optuna.trial.create_trial(state=state, value=0.5, user_attrs=attributes)
    trial.number = number
    return trial


def test_trials_that_finished_after_their_launch_was_gone_are_ended_as_it_would_have(plan: StudyPlan) -> None:
    client = mlflow.MlflowClient()
    parent = client.create_run("0").info.run_id
    gone, after = TrialRuns(parent, plan), TrialRuns(parent, plan)
    runs = [gone.start(number, {}, None) for number in range(3)]
    assert (gone.find(1), gone.find(3), after.find(1)) == (runs[1], "", "")
    after.close_ended(
        [
            make_trial(0, TrialState.COMPLETE, **{"weights": 120.0, "val/loss": 0.5}),
            make_trial(1, TrialState.PRUNED, error="it lags behind"),
            optuna.trial.create_trial(state=TrialState.RUNNING),
        ]
    )
    complete, pruned, running = (client.get_run(run) for run in runs)
    assert [run.info.status for run in (complete, pruned, running)] == ["FINISHED", "KILLED", "RUNNING"]
    # Curves have been logged epoch by epoch; what a network costs belongs to the end.
    assert complete.data.metrics == {"weights": 120.0}
    steps = [point.step for point in client.get_metric_history(runs[0], "weights")]
    assert steps == [plan.parameters["training"]["epochs"] + 1]
    assert (pruned.data.tags["pruned"], "error" in pruned.data.tags) == ("true", False)
