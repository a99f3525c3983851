"""The nearest change of a single column's value that turns a row's answer, found by asking the model."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.column_type import is_null

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Answer = Callable[[pd.DataFrame], pd.DataFrame]
    Turned = Callable[[pd.DataFrame], np.ndarray]
    Change = tuple[str, Any]

# Evenly spaced numbers that are tried between the least and the largest, and between two of them later on.
GRID, STEPS, ROUNDS = 17, 9, 3
MAX_CATEGORIES = 12
# Roundest first: from millions to the twelfth decimal.
DECIMALS = range(-6, 13)
COLUMNS = ["column", "value", "changed", "distance"]


@dataclass(frozen=True)
class Alternatives:
    """What a column's value may be changed to.

    Attributes:
        numbers: some that training rows hold, from the least to the largest, between which others are tried.
        categories: that training rows hold, the most frequent first; those of an order in it.
        ordered: whether the categories have an order.
    """

    numbers: Sequence[float] = ()
    categories: Sequence[Any] = ()
    ordered: bool = False

    @property
    def whole(self) -> bool:
        """Whether the numbers are whole ones."""
        return all(float(number).is_integer() for number in self.numbers)

    def list_numbers(self, own: float) -> tuple[list[float], list[float]]:
        """List the numbers to try first, those above a value and those below it, the nearest first."""
        even = np.linspace(self.numbers[0], self.numbers[-1], GRID)
        tried = np.union1d(self.numbers, np.rint(even) if self.whole else even).tolist()
        above, below = [each for each in tried if each > own], [each for each in tried if each < own]
        return above, below[::-1]

    def list_categories(self, own: Any) -> list[Any]:  # noqa: ANN401 - a cell of a table
        """List the categories to try, the nearest or the most frequent first."""
        others = [each for each in self.categories if each != own]
        if self.ordered and own in self.categories:
            place = list(self.categories).index(own)
            others.sort(key=lambda each: abs(list(self.categories).index(each) - place))
        return others[:MAX_CATEGORIES]

    def distance(self, own: Any, changed: Any) -> float:  # noqa: ANN401
        """Measure a change by the span of the training's values; another category without an order is all of it."""
        if len(self.numbers):
            return float(abs(changed - own) / ((self.numbers[-1] - self.numbers[0]) or 1))
        if self.ordered and own in self.categories:
            places = list(self.categories)
            return abs(places.index(changed) - places.index(own)) / max(1, len(places) - 1)
        return 1.0


@dataclass
class _Bracket:
    """Numbers of a column between which the answer turns: at `turned`, not yet at `before`."""

    column: str
    before: float
    turned: float
    whole: bool

    def list_between(self) -> list[float]:
        points = np.linspace(self.before, self.turned, STEPS + 1)[1:-1]
        points = np.unique(np.rint(points)) if self.whole else points
        low, high = sorted((self.before, self.turned))
        return sorted((each for each in points.tolist() if low < each < high), reverse=self.turned < self.before)

    def narrow(self, numbers: Sequence[float], turned: Iterable[bool]) -> None:
        """Move both ends to the first of the numbers between them that turns the answer."""
        for number, turns in zip(numbers, turned, strict=True):
            if turns:
                self.turned = number
                return
            self.before = number


def find_nearest_changes(
    answer: Answer, row: Mapping[str, Any], alternatives: Mapping[str, Alternatives], turned: Turned
) -> pd.DataFrame:
    """Find for each column the nearest other value with which the answer turns, all other values as they are.

    Numbers are tried evenly between the training's least and largest, then between the last that does not turn the
    answer and the first that does; of the numbers there the roundest is taken. Each change that is returned was asked.

    Args:
        answer: gives the predictions of raw rows.
        row: raw values by column.
        alternatives: of the columns that may be changed; a number that is null stays.
        turned: whether predictions are turned, bool of shape (rows,).

    Returns:
        `column`, `value`, `changed`, `distance` (see `Alternatives.distance`) and the predictions with the changed
        value; the nearest first, and no column that cannot turn the answer alone.
    """

    def ask(changes: Sequence[Change]) -> pd.DataFrame:
        cells = np.empty((len(changes), len(row)), dtype=object)
        cells[:] = [list(row.values())]
        places = {name: place for place, name in enumerate(row)}
        for number, (name, value) in enumerate(changes):
            cells[number, places[name]] = value
        return answer(pd.DataFrame(cells, columns=list(row)))

    def turn(changes: Sequence[Change]) -> list[bool]:
        return turned(ask(changes)).tolist() if changes else []

    brackets = _bracket_numbers(row, alternatives, turn)
    for _ in range(ROUNDS):
        _narrow(brackets, turn)
    rounded: list[Change] = [(each.column, find_roundest(each.before, each.turned)) for each in brackets]
    numbers = [
        change if turns else (each.column, each.turned)
        for change, turns, each in zip(rounded, turn(rounded), brackets, strict=True)
    ]
    changes = [*numbers, *_turn_categories(row, alternatives, turn)]
    if not changes:
        return pd.DataFrame(columns=COLUMNS)
    lines = [(name, row[name], value, alternatives[name].distance(row[name], value)) for name, value in changes]
    table = pd.concat([pd.DataFrame(lines, columns=COLUMNS).astype({"value": object, "changed": object}),
                       ask(changes).reset_index(drop=True)], axis=1)  # fmt: skip
    nearest = table.sort_values("distance", kind="stable").drop_duplicates("column")
    return nearest.reset_index(drop=True)


def find_roundest(before: float, turned: float) -> float:
    """Find the number of the fewest digits from one bound, excluded, to the other, included."""
    for decimals in DECIMALS:
        step = 10.0**-decimals
        # Of -0.0 the sign goes.
        number = round((floor if turned > before else ceil)(turned / step) * step, max(decimals, 0)) + 0.0
        if min(before, turned) <= number <= max(before, turned) and number != before:
            return number
    return turned


def _bracket_numbers(
    row: Mapping[str, Any], alternatives: Mapping[str, Alternatives], turn: Callable[[Sequence[Change]], list[bool]]
) -> list[_Bracket]:
    """Find on each side of each number where the answer turns first."""
    numbers = [name for name, each in alternatives.items() if len(each.numbers) and not is_null(row[name])]
    own = {name: float(row[name]) for name in numbers}
    sides = [(name, side) for name, number in own.items() for side in alternatives[name].list_numbers(number) if side]
    turns = iter(turn([(name, number) for name, side in sides for number in side]))
    brackets = []
    for name, side in sides:
        found = [next(turns) for _ in side]
        if any(found):
            first = found.index(True)
            before = side[first - 1] if first else own[name]
            whole = alternatives[name].whole and own[name].is_integer()
            brackets.append(_Bracket(name, before, side[first], whole))
    return brackets


def _narrow(brackets: Sequence[_Bracket], turn: Callable[[Sequence[Change]], list[bool]]) -> None:
    between = [bracket.list_between() for bracket in brackets]
    changes = [(each.column, number) for each, numbers in zip(brackets, between, strict=True) for number in numbers]
    turns = iter(turn(changes))
    for bracket, numbers in zip(brackets, between, strict=True):
        bracket.narrow(numbers, [next(turns) for _ in numbers])


def _turn_categories(
    row: Mapping[str, Any], alternatives: Mapping[str, Alternatives], turn: Callable[[Sequence[Change]], list[bool]]
) -> list[Change]:
    changes = [(name, value) for name, each in alternatives.items() for value in each.list_categories(row[name])]
    first: dict[str, Any] = {}
    for (name, value), turns in zip(changes, turn(changes), strict=True):
        if turns:
            first.setdefault(name, value)
    return list(first.items())
