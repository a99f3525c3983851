"""Studies that are killed, interrupted or joined: nothing is lost but the trials in flight, and these are run again."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from optuna.trial import TrialState
from tests.tuning.conftest import Studied, configure

from casebook.tuning.trials import count_trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.project import Command, Project

# Long enough that a signal finds a trial at work, short enough to be run again.
TRAINING = {"epochs": 25, "batch_size": 16, "network": {"hidden": [16]}}
RATES = {"training": {"optimizer": {"learning_rate": {"float": [0.001, 0.01], "log": True}}}}
STUDY = {"sampler": "random", "pruner": "none", "space": RATES, "seeds": 1, "metric": "val/auc", "folds": 0}


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    made = new_project()
    configure(made, "attrition", study={**STUDY, "workers": 2}, training=TRAINING)
    return made


def start(project: Project, given: str = "attrition.study.trials=99") -> Command:
    return project.start("run", "--pipeline=attrition_study", "--env", "test", "--params", given)


def studied(project: Project) -> Studied:
    return Studied(project, "attrition", 0, "")


def running(project: Project) -> dict[int, int]:
    """Find the trials at work that have reported an epoch -> the process of each."""
    try:
        trials = studied(project).trials()
    except KeyError:
        return {}
    at_work = [trial for trial in trials if trial.state == TrialState.RUNNING and trial.intermediate_values]
    return {trial.number: trial.user_attrs["owner"]["pid"] for trial in at_work}


def retried_trial_is_done(project: Project, number: int) -> bool:
    """Tell whether the second run of a trial has finished."""
    trials = studied(project).trials()
    return any(t.user_attrs.get("retry_of") == number and t.state == TrialState.COMPLETE for t in trials)


def test_a_study_survives_kills_of_a_worker_and_of_all_and_an_interrupt(project: Project) -> None:
    """One story, since each part needs the one before: starting anew each time would take minutes."""
    launch = start(project)
    project.wait_for(lambda: bool(running(project)), launch)
    first, worker = next(iter(running(project).items()))
    os.kill(worker, signal.SIGKILL)
    project.wait_for(lambda: studied(project).trials()[first].state == TrialState.FAIL, launch)
    # The second run of a trial is its last: it must be over before the next kill.
    project.wait_for(lambda: retried_trial_is_done(project, first), launch)
    project.wait_for(lambda: bool(running(project)), launch)
    at_work = running(project)
    launch.kill()
    launch.wait()
    for pid in at_work.values():
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=30)
        assert not psutil.pid_exists(pid)

    launch = start(project)
    project.wait_for(lambda: not at_work.keys() & running(project).keys() and bool(running(project)), launch)
    code, said = project.stop(launch, signal.SIGINT)
    assert code != 0
    assert "of 99 trials done; go on with `kedro run --pipeline=attrition_study`" in " ".join(said.split())
    assert running(project) == {}
    assert studied(project).parent.info.status == "KILLED"
    assert {run.info.status for run in studied(project).children.values()} <= {"FINISHED", "FAILED", "KILLED"}

    # The total is set now, so that something was left at each kill however quick the machine is.
    total = count_trials(trial for trial in studied(project).trials() if trial.state.is_finished()) + 2
    given = f"attrition.study.trials={total}"
    code, said = project.kedro("run", "--pipeline=attrition_study", "--env", "test", "--params", given)
    assert code == 0, said[-3000:]
    found = studied(project)
    trials = found.trials()
    kept = [trial for trial in trials if not trial.user_attrs.get("replaced")]
    assert [trial.state for trial in kept] == [TrialState.COMPLETE] * total
    assert trials[first].user_attrs["error"] == "its process was killed"
    assert all(trial.state == TrialState.FAIL for trial in trials if trial.user_attrs.get("replaced"))
    statuses = {number: run.info.status for number, run in found.children.items()}
    assert statuses[first] == "FAILED"
    assert {statuses[trial.number] for trial in kept} == {"FINISHED"}
    retried = {trial.user_attrs["retry_of"]: trial.params for trial in trials if "retry_of" in trial.user_attrs}
    assert retried[first] == trials[first].params
    assert found.parent.info.status == "FINISHED"
    assert len([run for run in found.runs() if "mlflow.parentRunId" not in run.data.tags]) == 1


def test_a_second_launch_joins_and_the_total_counts_for_both(new_project: Callable[[], Project]) -> None:
    project = new_project()
    training = {"epochs": 6, "network": {"hidden": [8]}}
    configure(project, "attrition", study={**STUDY, "trials": 5, "workers": 1}, training=training)
    launches = [start(project, "attrition.study.trials=5") for _ in range(2)]
    said = [launch.communicate(timeout=900)[0] for launch in launches]
    assert [launch.returncode for launch in launches] == [0, 0], said[0][-2000:] + said[1][-2000:]
    found = studied(project)
    assert [trial.state for trial in found.trials()] == [TrialState.COMPLETE] * 5
    assert len({trial.params["attrition.training.optimizer.learning_rate"] for trial in found.trials()}) == 5
    assert {run.info.status for run in found.children.values()} == {"FINISHED"}
    assert sorted(found.children) == [0, 1, 2, 3, 4]
    assert len([run for run in found.runs() if "mlflow.parentRunId" not in run.data.tags]) == 1


def test_a_study_most_of_whose_trials_fail_stops_and_says_why(run_study: Callable[..., Studied]) -> None:
    fill = {
        "preprocessing": {"impute": {"choice": [{"satisfaction_level": "missing"}, {"last_evaluation": "missing"}]}}
    }
    found = run_study("attrition", study={**STUDY, "space": fill, "trials": 20, "workers": 1, "max_failed_share": 0.4})
    trials = found.trials()
    assert found.code != 0
    # The launch looks now and then; a quick worker is a few trials further by then.
    assert 5 <= len(trials) < 20
    assert {trial.state for trial in trials if trial.state.is_finished()} == {TrialState.FAIL}
    assert "is a number; `missing` needs an onehot or embedding encoding" in trials[0].user_attrs["error"]
    said = " ".join(found.said.split())
    assert "trials failed, more than study.max_failed_share=0.4 allows; the last one said: trial " in said
    assert said.endswith("is a number; `missing` needs an onehot or embedding encoding")
    assert "Traceback" not in found.said
    assert found.parent.info.status == "FAILED"


def test_a_launch_begins_no_trial_after_its_seconds_are_over(run_study: Callable[..., Studied]) -> None:
    found = run_study("attrition", study={**STUDY, "trials": 20, "workers": 1, "seconds": 0.001})
    assert found.trials() == []
    assert found.code != 0
    told = "Error: study attrition: no trial finished: none was begun, see study.trials and study.seconds"
    assert told in " ".join(found.said.split())
    assert "Traceback" not in found.said
    assert found.parent.info.status == "FAILED"


def test_a_study_all_of_whose_few_trials_fail_tells_the_last_reason(run_study: Callable[..., Studied]) -> None:
    fill = {"preprocessing": {"impute": {"choice": [{"satisfaction_level": "missing"}]}}}
    found = run_study("attrition", study={**STUDY, "space": fill, "trials": 2, "workers": 1})
    assert found.code == 1
    said = " ".join(found.said.split())
    assert "Error: study attrition: no trial finished: 2 failed; the last one said: trial 1: " in said
    assert said.endswith("is a number; `missing` needs an onehot or embedding encoding")
    assert "Traceback" not in found.said
