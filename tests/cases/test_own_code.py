"""What a declared case has in Python of its own: found by its name, taken by its features, followed by its lineage."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.caching.code_hash import hash_code
from casebook.cases.declared import Declaration, describe_new_rows
from casebook.cases.own_code import load_own, own_features, own_functions, own_sources
from casebook.cases.registry import load_case
from casebook.config.schema.table_declaration import DataParameters
from casebook.data.row_description import OwnCode, describe_rows
from casebook.preprocessing.registered_functions import RowFunction
from casebook.preprocessing.row_schema import Feature, RowSchema, trace_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DATA = DataParameters.model_validate(
    {
        "tables": {"rows": {"file": "toys.csv"}},
        "features": {"doubled": {"function": "double", "of": ["price"]}},
    }
)
ROWS = pd.DataFrame({"price": ["1", "2", "3"], "y": ["5", "6", "7"]}, dtype="str")


def double(column: pd.Series) -> pd.Series:
    """Stand in for a function of a case's own."""
    return column * 2


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> str:
    """A case whose package registers a function."""
    package = ModuleType("casebook.pipelines.toys.features")
    package.FUNCTIONS = {"double": RowFunction(double)}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "casebook.pipelines.toys.features", package)
    return "toys"


def test_a_case_without_a_package_has_nothing_of_its_own() -> None:
    assert load_own("pima", "features") is None
    assert own_features("pima") is None
    assert own_functions("pima") == {}
    assert own_sources("pima", ["age"]) is None


def test_yaml_may_name_a_function_of_the_case(toys: str) -> None:
    schema = describe_rows({"rows": ROWS}, DATA, "y", "regression", own=OwnCode(toys))
    made = schema.engineer_features(pd.DataFrame({"price": [1, 2, 3]}))
    assert made["doubled"].tolist() == [2, 4, 6]
    assert RowSchema.from_dict(schema.to_dict()) == schema, "as it goes into a model"
    assert schema.own == "toys"
    with pytest.raises(ValueError, match=r"data\.features\.doubled\.function: there is no function 'double'"):
        describe_rows({"rows": ROWS}, DATA, "y", "regression")


def test_features_in_python_stand_alone_and_in_their_order() -> None:
    features = {"large": Feature("log1p", ("price",)), "price": Feature("as_is", ("price",))}
    schema = describe_rows({"rows": ROWS}, DATA, "y", "regression", own=OwnCode("", features))
    assert schema.features == features
    assert schema.own == ""


def test_sources_go_through_features_to_columns() -> None:
    features = {"a": Feature("as_is", ("x",)), "b": Feature("ratio", ("a", "z")), "x": Feature("as_is", ("x",))}
    assert trace_sources(features, ["x", "z"]) == {"a": ("x",), "b": ("x", "z"), "x": ("x",)}
    # Columns that a pattern names are not listed.
    assert trace_sources(features, []) == {"a": ("x",), "b": ("x", "z"), "x": ("x",)}


def test_a_changed_function_of_the_case_is_seen_by_the_node_that_computes_features() -> None:
    nodes = {node.short_name: node for node in load_case("rossmann").create_pipeline().nodes}
    bound = nodes["engineer_features"].func.keywords
    own = {name.removeprefix("own_") for name in bound if name.startswith("own_")}
    assert own == set(own_functions("rossmann"))
    changed = type(nodes["engineer_features"].func)(
        nodes["engineer_features"].func, own_calendar=own_functions("rossmann")["store_quarter"]
    )
    assert hash_code(changed) != hash_code(nodes["engineer_features"].func)
    assert not [name for name in nodes["type_days"].func.keywords if name.startswith("own_")]


@pytest.mark.parametrize(
    ("joined", "expected"),
    [
        ({"file": "s.csv", "join_on": "shop", "prefix": "s_"}, ("s.csv", "shop", "s_")),
        ({"file": "s.csv", "join_on": {"shop": "shop"}}, ("s.csv", "shop", "")),
        # These the reader joins.
        ({"file": "s.csv", "join_on": {"shop": "code"}}, ("", "", "")),
        ({"file": "s.csv", "join_on": ["shop", "day"]}, ("", "", "")),
        ({"file": "s.csv", "join_on": "shop", "unmatched": "missing"}, ("", "", "")),
    ],
)
def test_the_scorer_joins_a_single_table_by_a_single_column(
    joined: Mapping[str, Any], expected: tuple[str, str, str]
) -> None:
    tree = {"target": "y", "task": "binary", "data": {"tables": {"rows": {"file": "r.csv"}, "shops": dict(joined)}}}
    found = describe_new_rows(Declaration("toys", tree))
    assert (found.lookup_table, found.join_key, found.prefix) == expected


def test_new_rows_are_of_the_first_table_unless_the_declaration_says_otherwise() -> None:
    tree = {"target": "y", "task": "binary", "data": {"tables": {"rows": {"file": "r.csv"}}}}
    usual = describe_new_rows(Declaration("toys", tree))
    assert (usual.file, usual.submission, usual.key, usual.day) == ("r.csv", {"row": "key", "y": "class"}, "", "")
    said = {"file": "new.csv", "key": "id", "day": "on", "answer": "probability"}
    data = {**tree["data"], "new_rows": said}  # type: ignore[dict-item]
    other = describe_new_rows(replace(Declaration("toys", tree), tree={**tree, "data": data}))
    assert (other.file, other.submission) == ("new.csv", {"id": "key", "y": "probability"})
    assert (other.key, other.day) == ("id", "on")
