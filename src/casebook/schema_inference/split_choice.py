"""Choosing the split of a table: as it was asked for, as it is given, by group, by time, by row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.roles import FEATURE, InferredRole, names_id, names_subject
from casebook.schema_inference.splits import (
    InferredSplit,
    count_copies,
    find_panel,
    find_time,
    is_one_for_one,
    split_by_group,
    split_by_row,
    split_by_time,
)
from casebook.schema_inference.types import InferredType

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from casebook.schema_inference.schema import Column, Wishes
    from casebook.schema_inference.targets import Target
    from casebook.schema_inference.values import ColumnValues

FEW_SUBJECTS = 10


def choose_split(columns: dict[str, Column], target: Target, wishes: Wishes) -> tuple[dict[str, Column], InferredSplit]:
    """Choose the split: asked for, given, by group, by time, by row; group, time and split are one column each."""
    columns = {**columns, **_settle_roles(columns, wishes)}
    columns |= _settle_panel(columns, wishes)
    roles = {column.role.role: name for name, column in columns.items()}
    classes = target.column.codes if target.classes else None
    if wishes.time:
        return _split_by_time(columns, wishes.time, classes, asked=True)
    if "split" in roles and not wishes.group:
        return columns, InferredSplit("given", roles["split"], columns[roles["split"]].role.why)
    if "group" in roles:
        group = columns[roles["group"]]
        by_group = split_by_group(group.data, group.role.why, classes)
        if by_group or wishes.group:
            columns |= _ignore_names(columns, roles["group"])
            return columns, by_group or InferredSplit("group", wishes.group, group.role.why)
        few = InferredType("category", f"{group.role.why}: too few for a split by them")
        columns[roles["group"]] = replace(group, role=FEATURE, type=few)
    return _split_by_time(columns, find_time(*_take_features(columns)), classes, asked=False)


def _split_by_time(
    columns: dict[str, Column], time: str, classes: np.ndarray | None, asked: bool
) -> tuple[dict[str, Column], InferredSplit]:
    """Split by a time where there is one that leaves no part empty, else by row."""
    if time:
        column = columns[time]
        if not (column.type.is_date or column.type.is_number):
            raise SchemaInferenceError(
                f"--time {time} is a {column.type.type} ({', '.join(column.data.texts[:3])}, ...), neither a date "
                f"nor a number; give another column"
            )
        split = split_by_time(column.data, column.type, classes)
        if split:
            return columns | {time: replace(column, role=InferredRole("time", split.why))}, split
        if asked:
            raise SchemaInferenceError(
                f"--time {time}: split by it, a part of the rows would be empty or lack a class; leave --time out"
            )
    compared = {name: column.data for name, column in columns.items() if column.role.role in ("feature", "target")}
    rows = len(next(iter(columns.values())).data)
    told = {"why": f"split by {time}, a part of the rows would be empty or lack a class"} if time else {}
    return columns, split_by_row(count_copies(compared), rows, **told)


def _ignore_names(columns: Mapping[str, Column], group: str) -> dict[str, Column]:
    """Ignore what only names the groups once more: by it no other group's rows can be predicted."""
    subjects = columns[group].data
    return {
        name: replace(column, role=InferredRole("ignore", f"one for one with {group}"))
        for name, column in columns.items()
        if column.role == FEATURE and column.type.type == "category" and is_one_for_one(column.data, subjects)
    }


def _settle_roles(columns: Mapping[str, Column], wishes: Wishes) -> dict[str, Column]:
    """Leave one group and one split: of several, an id before another, then a subject's, then of most values."""
    settled: dict[str, Column] = {}
    if wishes.group:
        said = columns[wishes.group]
        why = f"as said: {len(said.data.distinct):,} of them in {said.data.filled:,} rows"
        settled[wishes.group] = replace(said, role=InferredRole("group", why))
    groups = [name for name, column in columns.items() if column.role.role == "group" and name != wishes.group]
    groups.sort(key=lambda name: (not names_id(name), not names_subject(name), -len(columns[name].data.distinct)))
    for name in groups if wishes.group else groups[1:]:
        settled[name] = replace(columns[name], role=InferredRole("key", "a second key that repeats"))
    splits = [name for name, column in columns.items() if column.role.role == "split"]
    settled |= {name: replace(columns[name], role=FEATURE) for name in splits[1:]}
    return settled


def _settle_panel(columns: Mapping[str, Column], wishes: Wishes) -> dict[str, Column]:
    """Make a group of a panel's subjects, where no other column is one."""
    if wishes.time or {"group", "split"} & {column.role.role for column in columns.values()}:
        return {}
    name, why = find_panel(*_take_features(columns))
    if name and len(columns[name].data.distinct) < FEW_SUBJECTS and find_time(*_take_features(columns)):
        # Few cities of many days: what is asked is the next days, not another city.
        return {}
    return {name: replace(columns[name], role=InferredRole("group", why))} if name else {}


def _take_features(columns: Mapping[str, Column]) -> tuple[dict[str, ColumnValues], dict[str, InferredType]]:
    """Return values and types of the columns that are features."""
    features = {name: column for name, column in columns.items() if column.role == FEATURE}
    return {name: column.data for name, column in features.items()}, {n: column.type for n, column in features.items()}
