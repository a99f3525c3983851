"""Conditions of hyperparameters: each names a leaf that there is, and values that it can have."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from casebook.config.tree import NOT_THERE, flatten, look_up
from casebook.tuning.hyperparameters import SpaceError, WidthsHyperparameter

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from casebook.tuning.hyperparameters import Hyperparameter


def check_conditions(
    leaves: Sequence[Hyperparameter], parameters: Mapping[str, Any], open_keys: Collection[str]
) -> None:
    """Check the conditions of a space: with one that never holds, its hyperparameter would silently never vary.

    Args:
        leaves: the hyperparameters.
        parameters: the case's.
        open_keys: names of mappings in them that may get new keys.

    Raises:
        SpaceError: a condition names no leaf, or a value that a hyperparameter cannot have.
    """
    varied = {part.name: part for leaf in leaves for part in _list_parts(leaf)}
    for leaf in leaves:
        for key, values in leaf.when.items():
            if key in varied:
                _check_values(leaf, varied[key], values)
                continue
            place = key.partition(".")[2]
            if look_up(parameters, place, NOT_THERE) == NOT_THERE and place.split(".")[-2:][0] not in open_keys:
                known = [*(name.partition(".")[2] for name in varied), *flatten(parameters)]
                near = difflib.get_close_matches(place, known, n=1)
                hint = f" (did you mean {near[0]}?)" if near else ""
                raise SpaceError(f"{leaf.name}, when: the parameters have no {place}{hint}")


def _list_parts(leaf: Hyperparameter) -> list[Hyperparameter]:
    """List what conditions can name: a hyperparameter, and those of which a list of widths is made."""
    return [leaf, leaf.depth, *leaf.widths] if isinstance(leaf, WidthsHyperparameter) else [leaf]


def _check_values(leaf: Hyperparameter, other: Hyperparameter, values: Sequence[Any]) -> None:
    for value in values:
        try:
            other.encode(value)
        except SpaceError as error:
            raise SpaceError(f"{leaf.name}, when: {error}") from None
