"""The kinds of leaves that a space can hold: each asks Optuna for a value, and lists or recognises values."""

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


class Leaf(Protocol):
    """A leaf of the parameters that varies.

    Attributes:
        name: its dotted name, the case's name in front: Optuna's and MLflow's name as well.
        when: dotted name -> the values of that leaf with which this one exists; empty for always.
    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def when(self) -> Mapping[str, tuple[Any, ...]]:
        """See above."""

    def ask(self, trial: BaseTrial) -> Any:  # noqa: ANN401 - whatever the parameter is
        """Take the trial's value."""

    def listed(self) -> list[Any]:
        """List all values, for a grid.

        Raises:
            SpaceError: there is no end to them.
        """

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Give Optuna's names and values for a value of the parameter.

        Raises:
            SpaceError: the value lies outside.
        """


@dataclass(frozen=True)
class NumberLeaf:
    """A range of numbers, whole or not, on a linear or logarithmic scale, free or in steps."""

    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def ask(self, trial: BaseTrial) -> Any:  # noqa: ANN401
        """Take the trial's number."""
        if self.whole:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log, step=int(self.step or 1))
        return trial.suggest_float(self.name, self.low, self.high, log=self.log, step=self.step)

    def listed(self) -> list[Any]:
        """List the steps; a logarithmic or free range has none."""
        if self.log or not (self.step or self.whole):
            raise SpaceError(f"{self.name}: a grid needs a step or a choice here, not a free range")
        step = self.step or 1
        values = self.low + step * np.arange(int(np.floor((self.high - self.low) / step + 1e-9)) + 1)
        return [int(v) if self.whole else float(np.round(v, 12)) for v in values]

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Give the number under the leaf's name."""
        fits = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if not fits or not self.low <= value <= self.high:
            raise SpaceError(f"{self.name} = {value!r} lies outside {self.low:g} to {self.high:g}")
        return {self.name: value}


@dataclass(frozen=True)
class ChoiceLeaf:
    """One of several values: numbers, words, lists or whole blocks."""

    name: str
    values: tuple[Any, ...]
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def ask(self, trial: BaseTrial) -> Any:  # noqa: ANN401
        """Take the trial's value."""
        chosen = trial.suggest_categorical(self.name, [_write(value) for value in self.values])
        return next(value for value in self.values if _write(value) == chosen)

    def listed(self) -> list[Any]:
        """List the values."""
        return list(self.values)

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Give the value as Optuna keeps it."""
        if value not in self.values:
            raise SpaceError(f"{self.name} = {value!r} is not one of {', '.join(map(repr, self.values))}")
        return {self.name: _write(value)}


@dataclass(frozen=True)
class WidthsLeaf:
    """A list of widths: how many layers, and how wide all of them, or each, are."""

    name: str
    depth: Leaf
    widths: tuple[Leaf, ...]
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def ask(self, trial: BaseTrial) -> list[int]:
        """Take depth and widths; a layer that is not there has no width."""
        depth = self.depth.ask(trial)
        if len(self.widths) == 1:
            return [self.widths[0].ask(trial)] * depth
        return [leaf.ask(trial) for leaf in self.widths[:depth]]

    def listed(self) -> list[Any]:
        """List all depths with all their widths."""
        if len(self.widths) == 1:
            return [[width] * depth for depth in self.depth.listed() for width in self.widths[0].listed()]
        choices = [leaf.listed() for leaf in self.widths]
        return [list(widths) for depth in self.depth.listed() for widths in product(*choices[:depth])]

    def encode(self, value: Any) -> dict[str, Scalar]:  # noqa: ANN401
        """Give depth and widths."""
        if not isinstance(value, list) or not value or (len(self.widths) == 1 and len(set(value)) > 1):
            raise SpaceError(f"{self.name} = {value!r}: give a list of widths, all alike unless `each` is true")
        found = self.depth.encode(len(value))
        leaves = self.widths if len(self.widths) > 1 else self.widths * len(value)
        for leaf, width in zip(leaves, value, strict=False):
            found |= leaf.encode(width)
        return found


def _write(value: Any) -> Scalar:  # noqa: ANN401
    """Write a value as Optuna can keep it: lists and blocks as JSON."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value
