"""The raw columns that a case declares for each feature are those that it is made of, no more and no less."""

from __future__ import annotations

from importlib import import_module

import pytest

from casebook.cases.declared import read_declaration
from casebook.cases.own_code import own_features, own_functions, own_sources
from casebook.cases.registry import CASES, PYTHON_CASES, load_case
from casebook.preprocessing.registered_functions import FUNCTIONS, find_functions

OWN = [case for case in CASES if case not in PYTHON_CASES and own_features(case) is not None]


@pytest.mark.parametrize("case", PYTHON_CASES)
def test_a_case_hands_on_what_its_model_goes_by(case: str) -> None:
    assert load_case(case).feature_sources == import_module(f"casebook.pipelines.{case}.columns").FEATURE_SOURCES


@pytest.mark.parametrize("case", OWN)
def test_features_in_python_are_made_of_declared_columns_by_functions_that_take_so_many(case: str) -> None:
    data, functions = read_declaration(case).data, find_functions(case)
    features = own_features(case)
    assert features is not None
    for name, feature in features.items():
        function = functions[feature.function]
        assert len(feature.of) == function.inputs, name
        assert set(feature.options) == set(function.options), name
    inputs = {name for feature in features.values() for name in feature.of}
    # Patterns of names are declared too.
    columns = set(data.for_columns(inputs).columns)
    sources = own_sources(case, columns)
    assert sources is not None
    assert {raw for each in sources.values() for raw in each} <= columns


def test_a_cases_own_functions_hide_none_that_all_have() -> None:
    assert OWN == ["redhat", "rossmann"]
    assert not own_functions("redhat")
    assert own_functions("rossmann").keys().isdisjoint(FUNCTIONS)
