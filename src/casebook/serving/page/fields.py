"""The fields of the form: an input for each column that the model needs, by the column's type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.column_type import is_null
from casebook.column_types.declared_numbers import WholeNumberType
from casebook.column_types.declared_times import DatetimeType
from casebook.column_types.declared_types import FreeTextType, OrdinalType
from casebook.column_types.kinds import COLUMN_TYPES, ImageType, StringType
from casebook.column_types.ranged_types import RangedType
from casebook.column_types.tabular_types import DateType, FlagType, NumberType
from casebook.evaluation.nearest_changes import Alternatives

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.column_types.column_type import ColumnType
    from casebook.column_types.kinds import Kind
    from casebook.model_registry.champion import Champion

# The first type that a column's is one of.
INPUTS: dict[type[ColumnType], str] = {
    NumberType: "number",
    FlagType: "flag",
    OrdinalType: "choice",
    DatetimeType: "datetime-local",
    DateType: "date",
    FreeTextType: "text",
    StringType: "text",
    ImageType: "image",
}
CATEGORY = "category"


@dataclass(frozen=True)
class Field:
    """An input of the form.

    Attributes:
        name: of the column.
        input: what it is entered by: a value of `INPUTS`, or `category`.
        value: that stands there at first, as its input writes it.
        expected: what its values are.
        values: among which one may choose.
        low: the least number there may be, where there is one.
        high: the largest.
        step: between two numbers, `1` or `any`.
        hint: which numbers the training rows held.
        nullable: whether it may be left empty.
    """

    name: str
    input: str
    value: str
    expected: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    step: str = "any"
    hint: str = ""
    nullable: bool = True


def describe_fields(champion: Champion) -> list[Field]:
    """Describe the form: an input for each column that a row must have, filled with the model's example row."""
    held = champion.profile.get("values", {})
    return [
        _describe(name, champion.kinds[name], champion.example.get(name), held.get(name, {}))
        for name in champion.required
    ]


def list_alternatives(champion: Champion) -> dict[str, Alternatives]:
    """List what the values of the form's numbers, categories and flags may be changed to: what training rows held."""
    held = champion.profile.get("values", {})
    found: dict[str, Alternatives] = {}
    for name in champion.required:
        column_type, values = COLUMN_TYPES[champion.kinds[name]], held.get(name, {})
        if isinstance(column_type, FlagType):
            found[name] = Alternatives(categories=(False, True))
        elif isinstance(column_type, OrdinalType):
            found[name] = Alternatives(categories=column_type.order, ordered=True)
        elif "numbers" in values:
            found[name] = Alternatives(numbers=values["numbers"])
        elif "categories" in values:
            found[name] = Alternatives(categories=values["categories"])
    return found


def read_values(row: Mapping[str, Any], kinds: Mapping[str, Kind], names: Mapping[str, Any]) -> dict[str, Any]:
    """Parse some of a row's valid values as their columns' types, so that they can be compared with alternatives."""
    return {name: COLUMN_TYPES[kinds[name]].parse_value(row[name]) if name in names else row[name] for name in row}


def _describe(name: str, kind: Kind, example: Any, held: Mapping[str, Any]) -> Field:  # noqa: ANN401 - a cell
    column_type = COLUMN_TYPES[kind]
    shown = next((shown for each, shown in INPUTS.items() if isinstance(column_type, each)), CATEGORY)
    values = column_type.order if isinstance(column_type, OrdinalType) else held.get("categories", [])
    low, high = _bounds(column_type)
    numbers = held.get("numbers", [])
    return Field(
        name,
        shown,
        write_value(example, shown),
        column_type.expected,
        tuple(map(str, values)) if shown in {"choice", CATEGORY} else (),
        low,
        high,
        "1" if isinstance(_numbers_of(column_type), WholeNumberType) else "any",
        f"{numbers[0]:,.6g} to {numbers[-1]:,.6g}" if shown == "number" and numbers else "",
        column_type.nullable,
    )


def write_value(value: Any, shown: str) -> str:  # noqa: ANN401 - a cell of a row
    """Write a raw value as its input takes it; nothing for null."""
    if shown == "image":
        return json.dumps(value) if isinstance(value, list) else ""
    if is_null(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if shown == "flag":
        return {"1": "true", "0": "false", "1.0": "true", "0.0": "false"}.get(str(value), str(value).lower())
    return str(value).replace(" ", "T", 1) if shown == "datetime-local" else str(value)


def _numbers_of(column_type: ColumnType) -> ColumnType:
    return column_type.numbers if isinstance(column_type, RangedType) else column_type


def _bounds(column_type: ColumnType) -> tuple[float | None, float | None]:
    if not isinstance(column_type, RangedType):
        return None, None
    interval = column_type.interval
    low, high = (float(bound) if np.isfinite(bound) else None for bound in (interval.low, interval.high))
    return low, high
