"""The hyperparameters of a search space: each suggests a value by Optuna, lists its values and encodes given ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from casebook.tuning.errors import SpaceError as SpaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.trial import BaseTrial

Scalar = str | int | float | bool | None


class Hyperparameter(Protocol):
    """A hyperparameter of the search space: a leaf of the case's parameters that varies.

    Attributes:
        name: its dotted name, the case's name in front; Optuna and MLflow use the same.
        when: its conditions, dotted name -> the values of that leaf with which it is active; empty for always.
    """

    @property
    def name(self) -> str:
        """Dotted name, as in `redhat.training.optimizer.learning_rate`."""

    @property
    def when(self) -> Mapping[str, tuple[Any, ...]]:
        """Conditions: dotted name -> values with which this one is active."""

    def suggest(self, trial: BaseTrial) -> Any:  # noqa: ANN401 - whatever the parameter is
        """Suggest a value for a trial."""

    def list_values(self) -> list[Any]:
        """List all values, for a grid search.

        Raises:
            SpaceError: the range is continuous.
        """

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Encode a value of the parameter as Optuna's names and values.

        Raises:
            SpaceError: the value lies outside.
        """


@dataclass(frozen=True)
class NumberHyperparameter:
    """An integer or float range on a linear or logarithmic scale, continuous or in steps."""

    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = None
    integer: bool = False
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def suggest(self, trial: BaseTrial) -> Any:  # noqa: ANN401
        """Suggest a number for a trial."""
        if self.integer:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log, step=int(self.step or 1))
        return trial.suggest_float(self.name, self.low, self.high, log=self.log, step=self.step)

    def list_values(self) -> list[Any]:
        """List the steps; a logarithmic or continuous range has none.

        Raises:
            SpaceError: the range is logarithmic or continuous.
        """
        if self.log or not (self.step or self.integer):
            raise SpaceError(f"{self.name}: a grid needs a step or a choice here, not a free range")
        step = self.step or 1
        values = self.low + step * np.arange(int(np.floor((self.high - self.low) / step + 1e-9)) + 1)
        return [int(v) if self.integer else float(np.round(v, 12)) for v in values]

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Return the number under the hyperparameter's name.

        Raises:
            SpaceError: it is no number of the range.
        """
        fits = isinstance(value, int if self.integer else int | float) and not isinstance(value, bool)
        if not fits or not self.low <= value <= self.high:
            raise SpaceError(f"{self.name} = {value!r} lies outside {self.low:g} to {self.high:g}")
        return {self.name: value}


@dataclass(frozen=True)
class CategoricalHyperparameter:
    """A categorical hyperparameter: its values are numbers, words, lists or blocks of parameters."""

    name: str
    values: tuple[Any, ...]
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def suggest(self, trial: BaseTrial) -> Any:  # noqa: ANN401
        """Suggest one of the values for a trial."""
        chosen = trial.suggest_categorical(self.name, [_to_optuna(value) for value in self.values])
        return next(value for value in self.values if _to_optuna(value) == chosen)

    def list_values(self) -> list[Any]:
        """List the values."""
        return list(self.values)

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Return the value as Optuna stores it.

        Raises:
            SpaceError: it is not one of the values.
        """
        if value not in self.values:
            raise SpaceError(f"{self.name} = {value!r} is not one of {', '.join(map(repr, self.values))}")
        return {self.name: _to_optuna(value)}


@dataclass(frozen=True)
class WidthsHyperparameter:
    """A list of layer widths: a depth, and one width for all layers or one for each."""

    name: str
    depth: Hyperparameter
    widths: tuple[Hyperparameter, ...]
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def suggest(self, trial: BaseTrial) -> list[int]:
        """Suggest a depth and the widths of that many layers."""
        depth = self.depth.suggest(trial)
        if len(self.widths) == 1:
            return [self.widths[0].suggest(trial)] * depth
        return [leaf.suggest(trial) for leaf in self.widths[:depth]]

    def list_values(self) -> list[Any]:
        """List every combination of depth and widths."""
        if len(self.widths) == 1:
            return [[width] * depth for depth in self.depth.list_values() for width in self.widths[0].list_values()]
        choices = [leaf.list_values() for leaf in self.widths]
        return [list(widths) for depth in self.depth.list_values() for widths in product(*choices[:depth])]

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Encode depth and widths.

        Raises:
            SpaceError: it is no list of widths, or depth or a width lies outside the space.
        """
        if not isinstance(value, list) or not value or (len(self.widths) == 1 and len(set(value)) > 1):
            raise SpaceError(f"{self.name} = {value!r}: give a list of widths, all alike unless `each` is true")
        found = self.depth.encode(len(value))
        leaves = self.widths if len(self.widths) > 1 else self.widths * len(value)
        for leaf, width in zip(leaves, value, strict=False):
            found |= leaf.encode(width)
        return found


def _to_optuna(value: Any) -> Scalar:  # noqa: ANN401
    """Encode a value as Optuna can store it: lists and blocks as JSON."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value
