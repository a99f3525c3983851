"""Budgets hold over launches and processes, and what a dead process leaves is run again once."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from optuna.trial import TrialState

from casebook.config.schema.tuning import PruningParameters, StudyParameters
from casebook.tuning import trials as library
from casebook.tuning.hyperparameters import SpaceError
from casebook.tuning.samplers import make_pruner, make_sampler
from casebook.tuning.study import StudyLocation, create_or_join_study, open_location

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> StudyLocation:
    return open_location(f"journal:///{tmp_path / 'study.journal'}", "toy")


def parameters(**given: object) -> StudyParameters:
    return StudyParameters(**{"sampler": "random", **given})


def begin(place: StudyLocation, first: list[dict[str, Any]] | None = None, **definition: object) -> str:
    return create_or_join_study(place, ["minimize"], definition, first or [], lambda: "run-1")


def work(place: StudyLocation, settings: StudyParameters, count: int = 99) -> list[float]:
    study, found = place.load(), []
    for _ in range(count):
        trial = library.claim_trial(place, study, settings)
        if trial is None:
            break
        found.append(trial.suggest_float("x", 0, 1))
        study.tell(trial, found[-1])
    return found


def test_a_total_counts_over_launches(place: StudyLocation) -> None:
    begin(place)
    assert len(work(place, parameters(trials=5), count=2)) == 2
    assert len(work(place, parameters(trials=5))) == 3
    assert work(place, parameters(trials=5)) == []
    assert len(work(place, parameters(trials=6))) == 1


def test_what_is_done_with_a_trained_model_makes_no_other_study(place: StudyLocation) -> None:
    begin(place, parameters={"task": "binary", "predict": {"explain": 0}, "reuse": False})
    assert begin(place, parameters={"task": "binary", "predict": {"explain": 5}}) == "run-1"
    with pytest.raises(SpaceError, match=r"another definition: parameters\.task: 'binary' -> 'multiclass'"):
        begin(place, parameters={"task": "multiclass"})


def test_the_same_seed_gives_the_same_trials_also_when_a_process_takes_over(tmp_path: Path) -> None:
    found = []
    for name, cuts in (("a", [6]), ("b", [2, 4])):
        place = open_location(f"journal:///{tmp_path / name}", "toy")
        begin(place)
        found.append([x for count in cuts for x in work(place, parameters(trials=6, sampler="tpe"), count)])
    assert found[0] == found[1]
    assert len(set(found[0])) == 6


def test_a_list_is_visited_exactly_and_nothing_else(place: StudyLocation) -> None:
    begin(place, [{"x": 0.25}, {"x": 0.75}])
    assert work(place, parameters(trials=9, sampler="manual")) == [0.25, 0.75]
    assert begin(place, [{"x": 0.25}, {"x": 0.75}]) == "run-1"
    assert work(place, parameters(trials=9, sampler="grid")) == []


def test_a_running_trial_counts_as_paid_for(place: StudyLocation) -> None:
    begin(place)
    study = place.load()
    assert library.claim_trial(place, study, parameters(trials=1)) is not None
    assert library.claim_trial(place, study, parameters(trials=1)) is None


def kill_one_running(place: StudyLocation) -> int:
    """Have another process take a trial and die."""
    code = (
        "import sys, time\n"
        "from casebook.tuning.study import open_location\n"
        "from casebook.tuning.trials import claim_trial\n"
        "from casebook.config.schema.tuning import StudyParameters\n"
        "place = open_location(sys.argv[1], 'toy')\n"
        "trial = claim_trial(place, place.load(), StudyParameters(sampler='random'))\n"
        "trial.suggest_float('x', 0, 1)\n"
        "print(trial.number, flush=True)\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, place.address], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    number = int(process.stdout.readline())
    process.kill()
    process.wait()
    return number


@pytest.mark.process
def test_a_killed_process_s_trial_fails_and_is_run_again_once(place: StudyLocation) -> None:
    begin(place)
    number = kill_one_running(place)
    study = place.load()
    assert [trial.number for trial in library.retry_dead_trials(place, study)] == [number]
    killed, again = study.get_trials()
    assert (killed.state, killed.user_attrs[library.ERROR]) == (TrialState.FAIL, "its process was killed")
    assert (again.state, again.user_attrs[library.RETRY_OF]) == (TrialState.WAITING, number)
    assert again.user_attrs[library.SETTING] == killed.params
    # The retry dies as well: that was the last time.
    assert kill_one_running(place) == again.number
    library.retry_dead_trials(place, study)
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL, TrialState.FAIL]
    assert library.count_failed(study) == (1, 1)
    assert len(work(place, parameters(trials=3))) == 2


@pytest.mark.process
def test_a_trial_that_was_killed_with_its_launch_is_run_again_each_time(place: StudyLocation) -> None:
    begin(place)
    study = place.load()
    for expected in (0, 1, 2):
        assert kill_one_running(place) == expected
        assert [trial.number for trial in library.retry_dead_trials(place, study, always=True)] == [expected]
    assert library.count_failed(study) == (0, 0)
    assert len(work(place, parameters(trials=1))) == 1


def test_a_trial_that_no_process_has_begun_is_no_attempt(place: StudyLocation) -> None:
    begin(place)
    study = place.load()
    for begun in (False, True):
        trial = library.claim_trial(place, study, parameters())
        assert trial is not None
        library.fail_and_retry(study, study.get_trials()[trial.number], "interrupted", always=True, begun=begun)
    assert [library.retry_of(trial) for trial in study.get_trials()] == [None, None, 1]
    assert library.count_failed(study) == (0, 0)


def test_a_living_process_keeps_its_trial(place: StudyLocation) -> None:
    begin(place)
    study = place.load()
    library.claim_trial(place, study, parameters())
    assert library.retry_dead_trials(place, study) == []


def test_a_silent_process_on_another_machine_is_taken_for_dead(place: StudyLocation) -> None:
    begin(place)
    study = place.load()
    trial = library.claim_trial(place, study, parameters())
    assert trial is not None
    trial.set_user_attr(library.OWNER, {"host": "elsewhere", "pid": 1, "since": 0.0})
    assert library.retry_dead_trials(place, study) == []
    trial.set_user_attr(library.HEARTBEAT, time.time() - library.HEARTBEAT_TIMEOUT_SECONDS - 1)
    assert [dead.number for dead in library.retry_dead_trials(place, study)] == [trial.number]


def test_another_definition_is_refused_with_what_changed(place: StudyLocation) -> None:
    begin(place, space={"training": {"epochs": {"int": [1, 2]}}}, data="abc")
    with pytest.raises(
        SpaceError, match=r"study 'toy' .*space\.training\.epochs\.int: \[1, 2\] -> \[1, 3\]\. Give it a new"
    ):
        begin(place, space={"training": {"epochs": {"int": [1, 3]}}}, data="abc")
    with pytest.raises(SpaceError, match=r"data: 'abc' -> 'xyz'"):
        begin(place, space={"training": {"epochs": {"int": [1, 2]}}}, data="xyz")


def test_a_launch_that_died_while_it_began_is_made_good(place: StudyLocation) -> None:
    study = optuna.create_study(study_name="toy", storage=place.storage)
    study.enqueue_trial({"x": 0.1})
    begin(place, [{"x": 0.1}, {"x": 0.2}])
    assert work(place, parameters(sampler="manual")) == [0.1, 0.2]


@pytest.mark.parametrize("name", ["manual", "grid", "random", "tpe", "cmaes", "qmc"])
def test_every_sampler_has_its_name(name: str) -> None:
    wanted = {"tpe": "TPESampler", "cmaes": "CmaEsSampler", "qmc": "QMCSampler"}
    assert type(make_sampler(parameters(sampler=name), 1)).__name__ == wanted.get(name, "RandomSampler")


def test_a_sampler_whose_package_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casebook.tuning.samplers.find_spec", lambda _name: None)
    with pytest.raises(SpaceError, match=r"study\.sampler gp needs the package torch .*pip install torch"):
        make_sampler(parameters(sampler="gp"), 1)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("none", "NopPruner"),
        ("median", "MedianPruner"),
        ("hyperband", "HyperbandPruner"),
        ("successive_halving", "SuccessiveHalvingPruner"),
        ("wilcoxon", "WilcoxonPruner"),
        ("patient", "PatientPruner"),
    ],
)
def test_every_pruner_has_its_name(name: str, wanted: str) -> None:
    assert type(make_pruner(name, PruningParameters(), 10)).__name__ == wanted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metric": "val/auc+weights+seconds"}, "give one metric, or two joined by [+] for a Pareto study"),
        ({"metric": "val/auc+weights"}, "a Pareto study cannot prune; give none"),
        (
            {"metric": "val/auc", "direction": "minimize"},
            "contradicts metric val/auc: give maximize, or leave",
        ),
        ({"metric": "val/auc+weights", "direction": "maximize"}, r"contradicts .*: give maximize\+minimize, or leave"),
        ({"metric": "val/acc"}, "metric val/acc is unknown: give accuracy or auc or log_loss or f1 or mae or mse"),
        ({"metric": "test/auc"}, r"metric 'test/auc': give val/<metric> or one of weights, seconds"),
        ({"pruner": "wilcoxon"}, "compares folds: give folds of at least 2"),
        ({"folds": 1}, "one fold leaves nothing to train on"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StudyParameters.model_validate(given)
