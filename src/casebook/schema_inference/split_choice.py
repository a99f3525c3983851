"""Choosing the split of a table: as it was asked for, as it is given, by group, by time, by row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.roles import FEATURE, InferredRole, names_id, names_subject
from casebook.schema_inference.splits import (
    MIN_TRIED_SUBJECTS,
    InferredSplit,
    count_copies,
    find_panel,
    find_time,
    is_one_for_one,
    split_by_given,
    split_by_group,
    split_by_row,
    split_by_time,
)
from casebook.schema_inference.types import InferredType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.schema_inference.schema import Column, Wishes
    from casebook.schema_inference.targets import Target
    from casebook.schema_inference.values import ColumnValues

FEW_SUBJECTS = 10


def choose_split(columns: dict[str, Column], target: Target, wishes: Wishes) -> tuple[dict[str, Column], InferredSplit]:
    """Choose the split: asked for, given, by group, by time, by row; group, time and split are one column each."""
    columns = {**columns, **_settle_roles(columns, wishes)}
    columns |= _settle_panel(columns, wishes)
    roles = {column.role.role: name for name, column in columns.items()}
    if wishes.time:
        return _split_by_time(columns, wishes.time, target, asked=True)
    # A run sets rows without a target aside before it splits.
    known = np.flatnonzero(target.column.codes >= 0)
    if "split" in roles and not wishes.group:
        given = columns[roles["split"]]
        split = split_by_given(given.data.take(known), given.role, _list_classes(target, known))
        if split:
            return columns, split
        why = "a split, but a part of it would lack rows or a class"
        columns[roles["split"]] = replace(given, role=InferredRole("ignore", why))
    if "group" in roles:
        group = columns[roles["group"]]
        by_group = split_by_group(group.data.take(known), group.role.why, _list_classes(target, known))
        if by_group or wishes.group:
            columns |= _ignore_names(columns, roles["group"])
            return columns, by_group or InferredSplit("group", wishes.group, group.role.why)
        columns[roles["group"]] = _give_up_group(group)
    return _split_by_time(columns, find_time(*_take_features(columns)), target, asked=False)


def _list_classes(target: Target, rows: np.ndarray) -> np.ndarray | None:
    """Return the classes of some rows; none of a regression."""
    return target.column.codes[rows] if target.classes else None


def _give_up_group(group: Column) -> Column:
    """Make a category of few subjects, whom new rows may be of too, and a key of many, each learnt by heart else."""
    if len(group.data.distinct) < MIN_TRIED_SUBJECTS:
        few = InferredType("category", f"{group.role.why}: too few for a split by them")
        return replace(group, role=FEATURE, type=few)
    why = f"{group.role.why}: no split by them leaves each class to each part"
    return replace(group, role=InferredRole("ignore", why))


def _split_by_time(
    columns: dict[str, Column], time: str, target: Target, asked: bool
) -> tuple[dict[str, Column], InferredSplit]:
    """Split by a time where there is one that leaves no part empty, else by row."""
    if time:
        column = columns[time]
        if not (column.type.is_date or column.type.is_number):
            raise SchemaInferenceError(
                f"--time {time} is a {column.type.type} ({', '.join(column.data.texts[:3])}, ...), neither a date "
                f"nor a number; give another column"
            )
        known = np.flatnonzero(target.column.codes >= 0)
        split = split_by_time(column.data.take(known), column.type, _list_classes(target, known))
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
        settled[name] = replace(columns[name], role=InferredRole("ignore", "a second key that repeats"))
    said_otherwise = {wishes.group, wishes.time}
    settled |= _settle_keys({name: column for name, column in columns.items() if name not in said_otherwise})
    splits = [name for name, column in columns.items() if column.role.role == "split"]
    settled |= {name: replace(columns[name], role=FEATURE) for name in splits[1:]}
    return settled


def _settle_keys(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Leave one key, which names the rows that are predicted: unique before others, nowhere null."""
    keys = [name for name, column in columns.items() if column.role.role == "key"]
    whole = [name for name in keys if not columns[name].data.nulls]
    kept = max(whole, key=lambda name: columns[name].data.is_unique, default="")
    why = "a second key" if kept else "a key with nulls"
    return {name: replace(columns[name], role=InferredRole("ignore", why)) for name in keys if name != kept}


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
