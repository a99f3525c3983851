"""A study that could not be run is refused before anything is read, by the key that is wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import optuna
import pytest

from casebook.cases.registry import CASES
from casebook.config.loader import open_configuration
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.config.tree import overlay
from casebook.tuning.hyperparameters import SpaceError
from casebook.tuning.plan import StudyPlan
from casebook.tuning.trial_settings import check_study, define_study, list_hyperparameters, suggest_trial


@cache
def configured() -> dict[str, Any]:
    found: dict[str, Any] = open_configuration("base")["parameters"]
    return found


def plan(case: str = "attrition", **study: Any) -> StudyPlan:  # noqa: ANN401
    tree = overlay(configured()[case], {"study": study}, {"space"})
    parameters = resolve_case(case, tree, {})
    return StudyPlan(case, parameters, case, "journal:///unused", "unused", "base", "abc")


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_space_that_holds_its_own_default(case: str) -> None:
    (first,) = check_study(plan(case))
    leaves = list_hyperparameters(plan(case))
    assert len(leaves) >= 3
    assert suggest_trial(plan(case), leaves, optuna.trial.FixedTrial(first)).keys() == {leaf.name for leaf in leaves}


def test_what_only_a_run_does_makes_no_other_study_and_what_a_trial_does_makes_one() -> None:
    def define(monitor: dict[str, float] | None = None, **training: object) -> dict[str, Any]:
        given = {"training": training, "monitor": monitor or {}}
        parameters = resolve_case("attrition", configured()["attrition"], given)
        return define_study(replace(plan(), parameters=parameters))

    plain = define()
    assert define(preset="best") == define(ensemble={"networks": 3}) == define(monitor={"drop": 0.1}) == plain
    assert define(preset="quick")["parameters"]["training"]["epochs"] == 10
    assert define(preset="quick") != plain


RATE = {"training": {"optimizer": {"learning_rate": {"float": [0.001, 0.01]}}}}


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"space": {}}, r"attrition\.study\.space is empty: name what varies in conf/base/attrition"),
        ({"sampler": "manual", "first": []}, r"attrition\.study\.first is empty"),
        ({"space": {"training": {"epoch": {"int": [1, 2]}}}}, r"study\.space\.training\.epoch: .*did you mean"),
        ({"space": {"training": {"epochs": {"int": [0, 0]}}}, "first": []}, r"epochs=0\): attrition\.training\.epochs"),
        ({"sampler": "grid", "space": RATE, "first": []}, r"learning_rate: a grid needs a step"),
        ({"space": RATE, "first": ["defalt"]}, r"first: there is no variant 'defalt'; there are default, 9_units"),
        ({"space": {"training": {"epochs": {"int": [2, 5]}}}},
         r"lies outside 2 to 5; the variant default, which attrition\.study\.first tries, has it: widen the space"),
        ({"space": RATE, "first": [{"training": {"epochs": 3}}]}, r"attrition\.training\.epochs does not vary"),
        ({"space": RATE, "first": ["9_units"], "sampler": "manual", "folds": 0, "pruner": "none", "metric": ["val/f1"]},
         r"study\.metric 'val/f1' is not measured while training; there are seconds, val/accuracy"),
        # Folds are judged by scores; no trial would finish.
        ({"space": RATE, "folds": 3, "metric": ["val/loss"]},
         r"study\.metric 'val/loss' is not scored on folds; there are seconds, val/accuracy, val/auc, "),
    ],
)  # fmt: skip
def test_a_study_that_makes_no_sense_is_refused(study: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        check_study(plan(**study))


@pytest.mark.parametrize(
    ("study", "key"),
    [
        ({"space": {"training": {"ensemble": {"networks": {"int": [1, 4]}}}}}, "training.ensemble"),
        ({"space": {"training": {"preset": {"choice": ["quick", "best"]}}}}, "training.preset"),
        ({"sampler": "manual", "first": [{"training": {"time_budget": 3}}]}, "training.time_budget"),
    ],
)
def test_what_no_trial_goes_by_cannot_be_searched(study: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidParametersError, match=r"attrition\.study\.(space|first)") as refused:
        plan(**study)
    assert f"{key} is what a run does, and no trial goes by it: leave it out" in str(refused.value)


def test_trials_are_not_judged_by_test_rows() -> None:
    tree = overlay(
        configured()["deposit"], {"split": {"validation_on": "test"}, "study": {"folds": 0, "pruner": "none"}}
    )
    on_test = StudyPlan("deposit", resolve_case("deposit", tree, {}), "a", "", "", "base", "abc")
    with pytest.raises(SpaceError, match=r"deposit\.split\.validation_on is test"):
        check_study(on_test)


def test_a_study_without_validation_rows_needs_folds() -> None:
    tree = overlay(
        configured()["deposit"], {"split": {"validation_share": 0.0}, "study": {"folds": 0, "pruner": "none"}}
    )
    without = StudyPlan("deposit", resolve_case("deposit", tree, {}), "a", "", "", "base", "abc")
    with pytest.raises(SpaceError, match=r"leaves no validation rows to judge a trial by; give deposit\.study\.folds"):
        check_study(without)


def test_a_grid_stands_in_the_queue_whole_and_a_listed_variant_is_not_doubled() -> None:
    default = resolve_case("attrition", configured()["attrition"], {})["training"]
    own = default["batch_size"], default["network"]["dropout"]
    sizes, shares = [own[0], 999], [own[1], 0.9]
    space = {"training": {"batch_size": {"choice": sizes}, "network": {"dropout": {"choice": shares}}}}
    queued = check_study(plan(sampler="grid", space=space, first=["default"]))
    names = "attrition.training.batch_size", "attrition.training.network.dropout"
    found = [tuple(values[name] for name in names) for values in queued]
    assert found[0] == own
    assert len(found) == 4
    assert set(found) == {(size, share) for size in sizes for share in shares}
