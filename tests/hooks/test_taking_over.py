"""Which parameters of an earlier run stand behind what is taken over from it."""

from __future__ import annotations

import pytest

from casebook.cases.registry import load_case
from casebook.config.tree import flatten
from casebook.hooks.taking_over import TakenOver, _blocks_of, find_conflicts
from casebook.run_folders.folder import RunFolder

TAKEN = {"pima.study.trials": 7, "pima.study.space.training.epochs.int": [1, 9]}


@pytest.mark.parametrize(("minutes", "taken"), [(0.0, {}), (2.0, TAKEN)])
def test_a_training_that_did_not_search_does_not_hang_on_its_study(minutes: float, taken: dict[str, object]) -> None:
    makers = load_case("pima").create_pipeline().only_nodes("pima.train_network").nodes
    study = {"trials": 7, "space": {"training": {"epochs": {"int": [1, 9]}}}}
    earlier = {"pima": {"training": {"epochs": 5, "time_budget": minutes}, "study": study, "target": "y"}}
    stated = {"pima.training.epochs": 5, "pima.training.time_budget": minutes}
    assert flatten(_blocks_of(makers, earlier)) == {**stated, **taken}


@pytest.mark.parametrize(("averaged", "taken"), [(False, {}), (True, {"pima.reference.max_iter": 9})])
def test_a_training_hangs_on_the_reference_that_it_averages_and_on_no_other(
    averaged: bool, taken: dict[str, object]
) -> None:
    graph = load_case("pima").create_pipeline()
    earlier = {"pima": {"training": {"ensemble": {"reference": averaged}}, "reference": {"max_iter": 9}, "target": "y"}}
    makers = graph.only_nodes("pima.train_network").nodes
    assert flatten(_blocks_of(makers, earlier)) == {"pima.training.ensemble.reference": averaged, **taken}
    # What the reference itself is made by counts in either case.
    both = graph.only_nodes("pima.train_network", "pima.fit_reference").nodes
    assert flatten(_blocks_of(both, earlier))["pima.reference.max_iter"] == 9


def taken_over(**preprocessing: object) -> TakenOver:
    block = {"scaling": "none", "impute": {}, **preprocessing}
    return TakenOver(RunFolder("pima", "earlier"), ["pima.arrays"], {"pima.preprocessing": block})


def now(**preprocessing: object) -> dict[str, object]:
    return {"pima": {"preprocessing": {"scaling": "none", "impute": {}, "new": 1, **preprocessing}, "target": "y"}}


@pytest.mark.parametrize(
    ("before", "parameters", "given", "other", "chosen"),
    [
        ({}, now(), (), [], []),
        ({"scaling": "minmax"}, now(), (), ["scaling"], []),
        ({"scaling": "minmax"}, now(), ["scaling"], ["scaling"], ["scaling"]),
        ({}, now(impute={"age": "mean"}), ["impute.age"], [], ["impute.age"]),
        ({}, now(impute={"age": "mean"}), (), [], ["impute.age"]),
        ({"impute": {"age": "mean"}}, now(), (), [], []),
        ({"impute": {"age": "mean"}}, now(impute={"age": "mean", "bmi": "mode"}), ["impute.bmi"], [], ["impute.bmi"]),
    ],
)
def test_what_a_command_adds_to_work_that_is_taken_over_is_refused_as_what_it_changes(
    before: dict[str, object], parameters: dict[str, object], given: list[str], other: list[str], chosen: list[str]
) -> None:
    named = [f"pima.preprocessing.{name}" for name in given]
    found = find_conflicts(taken_over(**before), parameters, flatten(now()), named)
    assert [list(each) for each in found] == [[f"pima.preprocessing.{key}" for key in keys] for keys in (other, chosen)]


def test_parameters_of_the_earlier_run_hold_whole_and_the_names_of_columns_may_have_dots() -> None:
    taken = taken_over(impute={"Sepal.Length": "mean"})
    parameters = {"preprocessing": {"scaling": "standard", "impute": {"age": "mode"}, "new": 1}, "target": "y"}
    assert taken.effective("pima", parameters) == {
        "preprocessing": {"scaling": "none", "impute": {"Sepal.Length": "mean"}, "new": 1}, "target": "y",
    }  # fmt: skip
