"""Which parameters of an earlier run stand behind what is taken over from it."""

from __future__ import annotations

import pytest

from casebook.cases.registry import load_case
from casebook.hooks.taking_over import _values_of

TAKEN = {"pima.study.trials": 7, "pima.study.space.training.epochs.int": [1, 9]}


@pytest.mark.parametrize(("minutes", "taken"), [(0.0, {}), (2.0, TAKEN)])
def test_a_training_that_did_not_search_does_not_hang_on_its_study(minutes: float, taken: dict[str, object]) -> None:
    makers = load_case("pima").create_pipeline().only_nodes("pima.train_network").nodes
    study = {"trials": 7, "space": {"training": {"epochs": {"int": [1, 9]}}}}
    earlier = {"pima": {"training": {"epochs": 5, "time_budget": minutes}, "study": study, "target": "y"}}
    stated = {"pima.training.epochs": 5, "pima.training.time_budget": minutes}
    assert _values_of(makers, earlier) == {**stated, **taken}


@pytest.mark.parametrize(("averaged", "taken"), [(False, {}), (True, {"pima.reference.max_iter": 9})])
def test_a_training_hangs_on_the_reference_that_it_averages_and_on_no_other(
    averaged: bool, taken: dict[str, object]
) -> None:
    graph = load_case("pima").create_pipeline()
    earlier = {"pima": {"training": {"ensemble": {"reference": averaged}}, "reference": {"max_iter": 9}, "target": "y"}}
    makers = graph.only_nodes("pima.train_network").nodes
    assert _values_of(makers, earlier) == {"pima.training.ensemble.reference": averaged, **taken}
    # What the reference itself is made by counts in either case.
    both = graph.only_nodes("pima.train_network", "pima.fit_reference").nodes
    assert _values_of(both, earlier)["pima.reference.max_iter"] == 9
