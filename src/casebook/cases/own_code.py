"""What a declared case may have in Python beside its YAML: the package `casebook.pipelines.<case>`.

`features.py` there holds `FUNCTIONS`, row functions by name that its features are made by, and may hold `FEATURES`, the
features themselves by name, which then take the place of those that its columns are made into. `pipeline.py` holds
`create_pipeline`, which wires nodes of its own: `load_own(case, "pipeline")` is that module.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType
    from typing import Any

    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.row_schema import Feature

PACKAGES = "casebook.pipelines"


def load_own(case: str, module: str) -> ModuleType | None:
    """Import a module of a case's own package; none where it has none."""
    package = f"{PACKAGES}.{case}"
    if not find_spec(package) or not find_spec(f"{package}.{module}"):
        return None
    return import_module(f"{package}.{module}")


def own_features(case: str) -> Mapping[str, Feature] | None:
    """Return the features that a case names in Python; none where its YAML does."""
    return getattr(load_own(case, "features"), "FEATURES", None)


def own_functions(case: str) -> Mapping[str, Callable[..., Any]]:
    """Return the functions of columns that a case registers, by name."""
    functions = getattr(load_own(case, "features"), "FUNCTIONS", {})
    return {name: function.of_columns for name, function in functions.items()}


def own_sources(case: str, columns: Iterable[str]) -> FeatureSources | None:
    """Return of each feature that a case names in Python all raw columns that it is made of."""
    features = own_features(case)
    if features is None:
        return None
    from casebook.preprocessing.row_schema import trace_sources

    return trace_sources(features, set(columns))
