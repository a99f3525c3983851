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


def make_plan(**study: object) -> StudyPlan:
    parameters = resolve_case("pima", read_case("pima"), {"study": study})
    return StudyPlan(
        case="pima",
        parameters=parameters,
        name="pima",
        storage="journal:///study.journal",
        folder="",
        environment="local",
        fingerprint="",
    )


def make_trial(
    number: int, state: TrialState, reported: dict[int, float] | None = None, **attributes: object
) -> FrozenTrial:
    trial = optuna.trial.create_trial(state=state, value=0.5, user_attrs=attributes, intermediate_values=reported or {})
    trial.number = number
    return trial


def test_trials_that_finished_after_their_launch_was_gone_are_ended_as_it_would_have() -> None:
    plan = make_plan(folds=0, pruner="median")
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


@pytest.mark.parametrize(("pruner", "score"), [("median", 0.5), ("wilcoxon", 0.6)])
def test_trials_that_folds_judge_have_the_score_they_are_sorted_by(pruner: str, score: float) -> None:
    """A fold has no curve of validation rows; `wilcoxon` is told of each fold alone, the others of the mean so far."""
    plan = make_plan(folds=5, pruner=pruner, metric="val/auc")
    client = mlflow.MlflowClient()
    runs = TrialRuns(client.create_run("0").info.run_id, plan)
    complete, pruned = (runs.start(number, {}, None) for number in range(2))
    measured = {"val/auc": 0.8, "val/auc_std": 0.1, "weights": 120.0}
    runs.close_ended(
        [
            make_trial(0, TrialState.COMPLETE, {1: 0.9, 2: 0.8}, epochs=3, **measured),
            make_trial(1, TrialState.PRUNED, {1: 0.7, 2: 0.5}, error="it lags behind"),
        ]
    )
    assert client.get_run(complete).data.metrics == measured
    assert client.get_run(pruned).data.metrics == {"val/auc": pytest.approx(score)}
    (point,) = client.get_metric_history(complete, "val/auc")
    assert point.step == 5 * plan.parameters["training"]["epochs"] + 1
