"""How nodes learn of a case's features: bound where its Python declares them, else from the dataset `row_schema`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.row_schema import RowSchema

    Engineer = Callable[[pd.DataFrame], pd.DataFrame]

SCHEMA = "row_schema"


@dataclass(frozen=True)
class RowFeatures:
    """What nodes are told of features.

    Attributes:
        engineer: computes the feature table of raw rows; none for a declared case.
        feature_sources: of each feature all raw columns that it is made of; none for a declared case.
        functions: that a declared case registers: a node's code depends on them.
    """

    engineer: Engineer | None = None
    feature_sources: FeatureSources | None = None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def bind(
        self, function: Callable[..., Any], inputs: Sequence[str], *takes: str
    ) -> tuple[Callable[..., Any], list[str]]:
        """Bind what a node's function takes of features.

        Args:
            function: with keyword arguments of the names in `takes`.
            inputs: of the node.
            takes: `engineer`, `feature_sources` or `row_schema`, which a case in Python leaves at its default.

        Returns:
            The function, under its own name, and its inputs.
        """
        if self.feature_sources is None:
            own: dict[str, Any] = {f"own_{name}": code for name, code in self.functions.items()}
            called = partial(call_with_schema, function=function, takes=takes, **own)
            return update_wrapper(called, function), [SCHEMA, *inputs]
        known = {"engineer": self.engineer, "feature_sources": self.feature_sources}
        return bind(function, **{name: known[name] for name in takes if name in known}), list(inputs)


def call_with_schema(
    row_schema: RowSchema,
    *values: Any,  # noqa: ANN401 - the other inputs of a node
    function: Callable[..., Any],
    takes: Sequence[str],
    **_functions: Callable[..., Any],
) -> Any:  # noqa: ANN401 - whatever the function returns
    """Call a node's function with what it takes of a schema; a case's own functions are bound for their code alone."""
    known = {
        SCHEMA: row_schema,
        "engineer": row_schema.engineer_features,
        "feature_sources": row_schema.sources,
    }
    return function(*values, **{name: known[name] for name in takes})


def bind(function: Callable[..., Any], **declared: Any) -> Callable[..., Any]:  # noqa: ANN401 - what a case declares
    """Bind what a case declares to a node's function, which keeps its name, module and documentation."""
    return update_wrapper(partial(function, **declared), function)
