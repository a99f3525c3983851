"""The parameters of a declared case: what follows from the roles of its columns stands in them by default."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from pydantic import Field, create_model, field_serializer, model_validator

from casebook.cases.samples import SAMPLES
from casebook.config.schema import CaseParameters, Parameters
from casebook.config.schema.table_declaration import DataParameters  # noqa: TC001 - Pydantic looks it up
from casebook.config.schema.types import fault_of_leaf, split_labels
from casebook.config.tree import look_up, merge

# Strategies of a split that are called after a role; those of keys are called after their columns.
STRATEGIES = {"group": "group", "time": "time", "split": "given"}


class DeclaredCaseParameters(CaseParameters):
    """The top key of a declared case."""

    data: DataParameters
    engine: Literal["auto", "pandas", "dask"] = Field(
        default="auto",
        description="pandas reads tables whole, dask works on parts of them; auto: dask where the raw files are larger "
        "than an eighth of the memory",
    )

    @model_validator(mode="before")
    @classmethod
    def _follow_roles(cls, tree: Any) -> Any:  # noqa: ANN401 - not checked yet
        columns = look_up(tree, "data.columns", None)
        if not isinstance(columns, dict):
            return tree
        said = {str(name): column for name, column in columns.items() if isinstance(column, dict)}
        # One that is no text is refused with its column.
        roles = {name: role for name, column in said.items() if isinstance(role := column.get("role", "feature"), str)}
        keys = {STRATEGIES.get(role, name): name for name, role in roles.items() if role in {"key", *STRATEGIES}}
        leaks = {name: "drop" for name, role in roles.items() if role == "leak"}
        classes = split_labels(said.get(str(tree.get("target")), {}).get("classes"))
        # What is no list is refused with its column.
        labels = {str(label): number for number, label in enumerate(classes if isinstance(classes, list) else ())}
        plain = [str(number) for number in range(len(labels))] == list(labels)
        fit = tree.get("task") == "multiclass" or (tree.get("task") == "binary" and len(labels) == 2)
        weights = [name for name, role in roles.items() if role == "weight"]
        named = tree.get("labels")
        # Those of a run's own parameters.yml are the ones that follow.
        if isinstance(named, dict) and named and {str(name): number for name, number in named.items()} != labels:
            where = f"data.columns.{tree.get('target')}.classes"
            raise fault_of_leaf(named, f"a declared case names its classes in {where}, in their order", "labels")
        follows = {
            "split": {"keys": keys},
            "leaks": leaks,
            "labels": labels if fit and not plain else {},
            "weight": "".join(weights[:1]),
        }
        return merge({name: block for name, block in follows.items() if block not in ({}, {"keys": {}}, "")}, tree)

    @model_validator(mode="after")
    def _check_target(self) -> DeclaredCaseParameters:
        marked = self.data.with_role("target")
        if marked and marked != [self.target]:
            raise ValueError(f"data.columns.{marked[0]} has the role target, but target is {self.target}: give one")
        weights = self.data.with_role("weight")
        if self.weight and weights != [self.weight]:
            raise fault_of_leaf(self.weight, f"give data.columns.{self.weight} the role weight", "weight")
        said = self.data.columns.get(self.target)
        if said is None:
            return self
        if said.role not in {"target", "feature"}:
            raise ValueError(f"target {self.target} has the role {said.role} in data.columns: give it none")
        if said.type in {"id", "text", "date", "datetime"}:
            raise ValueError(f"target {self.target} is declared as {said.type}, which nothing can be learnt to answer")
        if self.task == "regression" and (said.classes or said.type in {"category", "boolean", "ordinal"}):
            has = "classes" if said.classes else f"the type {said.type}"
            raise ValueError(f"target {self.target} has {has}; give task: binary or multiclass")
        if self.task == "binary" and len(said.classes) > 2:
            raise ValueError(f"target {self.target} has {len(said.classes)} classes; give task: multiclass")
        return self

    @model_validator(mode="after")
    def _check_lags(self) -> DeclaredCaseParameters:
        for name, said in self.data.features.items():
            if said.function != "lag":
                continue
            place, steps = ("data", "features", name), said.options.get("steps", 1)
            if len(said.of) != 1 or set(said.options) - {"steps"}:
                raise fault_of_leaf({}, "a lag takes one column, and steps as its one option", *place)
            if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
                raise fault_of_leaf(steps, "must be a whole number of at least 1", *place, "options", "steps")
            if not self.data.with_role("time"):
                raise fault_of_leaf({}, "a lag needs a column of the role time", *place)
            self._refuse_lent_targets(said.of[0], place)
        return self

    def _refuse_lent_targets(self, value: str, place: tuple[str, ...]) -> None:
        """Refuse a lag of the target where rows of another part, or fold, would lend a row theirs."""
        if value != self.target:
            return
        told = "a lag of the target tells a row the targets of others"
        if self.split.strategy != "time":
            lent = f"{told}, test rows among them unless the split is by time: give split.strategy time"
            raise fault_of_leaf({}, lent, *place)
        for key, count in (("folds.count", self.folds.count), ("study.folds", self.study.folds)):
            if count:
                raise fault_of_leaf(
                    {}, f"{told}, and a fold sets validation rows apart at random: give {key} 0", *place
                )

    @field_serializer("data")
    def _state_what_is_said(self, data: DataParameters) -> dict[str, Any]:
        """Leave defaults out: a column has a dozen options, of which one or two are said."""
        return data.model_dump(mode="json", exclude_defaults=True)


@cache
def declared_parameters(case: str) -> type[DeclaredCaseParameters]:
    """Make the class of a declared case's parameters: one with a sample has the parameters of its generator."""
    if case not in SAMPLES:
        return DeclaredCaseParameters
    sizes: dict[str, Any] = {
        size.name: (int, Field(default=size.usual, ge=size.fewest, le=size.most)) for size in SAMPLES[case].sizes
    }
    sizes["seed"] = (int, Field(default=1, ge=0))
    sample = create_model("SampleParameters", __base__=Parameters, **sizes)
    named = f"{case.capitalize()}Parameters"
    made: type[DeclaredCaseParameters] = create_model(named, __base__=DeclaredCaseParameters, sample=(sample, sample()))
    return made
