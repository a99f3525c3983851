"""What raw tables hold, worked out of their parts: few rows of each that answer every question as all of them do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError, distinct_of_type
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.data.declared_features import MISSING_SHARE
from casebook.data.row_description import describe_rows, kind_of_numbers
from casebook.data.stacking import stack_tables
from casebook.data.target_classes import LEAST_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.datasets.raw_parts import RawPart
    from casebook.out_of_core.recipe import PartWorkers, Recipe
    from casebook.preprocessing.row_schema import RowSchema

# So many values of a column say that it is not constant.
SHOWN_VALUES = 2
# Rows that stand for all of them, whose nulls have the share of all nulls.
SHOWN_ROWS = 1_000


@dataclass(frozen=True)
class ColumnFacts:
    """What the description of a table asks of a column.

    Attributes:
        shown: some that it has: a few, one that is no number among them if there is any; of classes all, each in as
            many rows as a class must have, or in fewer where there are no more.
        missing: rows without a value.
        rows: of the table.
    """

    shown: pd.Series
    missing: int
    rows: int


def find_facts(part: RawPart, columns: Sequence[str], classes: str, decimal: str) -> dict[str, ColumnFacts]:
    """Find the facts of columns in a part of a table.

    Args:
        part: of a raw table.
        columns: that are asked for.
        classes: that of them all of whose values are asked for; empty for none.
        decimal: the decimal sign of numbers.
    """
    table = part.read(columns)
    found = {}
    for name in columns:
        known = table[name].dropna()
        values = keep_each(known) if name == classes else show_values(known, decimal)
        found[name] = ColumnFacts(values, len(table) - len(known), len(table))
    return found


def keep_each(known: pd.Series) -> pd.Series:
    """Keep of each value as many rows as a class must have."""
    place = known.groupby(known, observed=True, sort=False).cumcount()
    return _without_unused(known[place < LEAST_ROWS])


def show_values(known: pd.Series, decimal: str) -> pd.Series:
    """Keep a few different values, and one that is no number if there is any."""
    firsts = known.drop_duplicates()
    odd = firsts.head(0)
    if firsts.dtype.kind not in "iufb":
        _, values = distinct_of_type(firsts)
        _, wrong = COLUMN_TYPES[kind_of_numbers(None, decimal)].parse_distinct(values)
        odd = firsts[firsts.isin(list(values[np.flatnonzero(wrong)[:1]]))]
    return _without_unused(pd.concat([firsts.head(SHOWN_VALUES), odd]))


def _without_unused(values: pd.Series) -> pd.Series:
    return values.cat.remove_unused_categories() if isinstance(values.dtype, pd.CategoricalDtype) else values


def add_facts(facts: Sequence[ColumnFacts], whole: bool) -> ColumnFacts:
    """Add the facts of a column in several parts.

    Args:
        facts: of the parts.
        whole: whether they are of classes.
    """
    values = stack_tables([each.shown.to_frame("value") for each in facts])["value"].reset_index(drop=True)
    kept = keep_each(values) if whole else values.drop_duplicates()
    return ColumnFacts(kept, sum(each.missing for each in facts), sum(each.rows for each in facts))


def show_rows(facts: Mapping[str, ColumnFacts], columns: Sequence[str], classes: str) -> pd.DataFrame:
    """Make a table of few rows that is described as the whole: each column has its values and its share of nulls.

    Args:
        facts: by column.
        columns: of the table; those that nothing was asked of are empty.
        classes: the column whose values stand there as often as they were kept.
    """
    length = max([SHOWN_ROWS, *(len(each.shown) for each in facts.values())])
    shown = {name: pd.Series([None] * length, dtype=object) for name in columns}
    for name, found in facts.items():
        count = len(found.shown)
        share = found.missing / max(found.rows, 1)
        least = int(np.ceil(MISSING_SHARE * length))
        nulls = max(least, int(share * length)) if share >= MISSING_SHARE else min(least - 1, found.missing)
        filled = count if name == classes else (length - nulls) * (count > 0)
        places = np.append(np.arange(filled) % max(count, 1), np.full(length - filled, -1))
        shown[name] = pd.Series(pd.api.extensions.take(found.shown.array, places, allow_fill=True))
    return pd.DataFrame(shown)


def describe_parts(
    parts: Mapping[str, Sequence[RawPart]], recipe: Recipe, workers: PartWorkers
) -> tuple[RowSchema, dict[str, list[RawPart]], int]:
    """Describe the raw tables.

    Returns:
        The schema of joined rows; the parts that hold rows, each with the number of its first one; and the number of
        rows of the first table.

    Raises:
        InvalidTableError: the declaration and the files do not fit; see `row_description.describe_rows`.
    """
    target, task = recipe.labels.target, recipe.labels.task
    tables, numbered, counts = {}, {}, []
    for table, some in parts.items():
        said, columns = recipe.data.tables[table], list(some[0].names) if some else []
        asked = [name for name in columns if is_asked(name, table, recipe)] or columns[:1]
        classes = target if table == recipe.first and task != "regression" else ""
        found = workers.gather(workers.map(find_facts, some, columns=asked, classes=classes, decimal=said.decimal))
        rows = np.array([next(iter(each.values())).rows for each in found], dtype=np.int64)
        if not rows.sum():
            raise InvalidTableError(f"{said.file} has a header but no rows; put the complete file there")
        counts.append(int(rows.sum()))
        firsts = np.cumsum(rows) - rows
        placed = zip(some, firsts.tolist(), rows, strict=True)
        numbered[table] = [replace(part, first=first) for part, first, count in placed if count]
        facts = {name: add_facts([each[name] for each in found], name == classes) for name in asked}
        tables[table] = show_rows(facts, columns, classes)
    keys = recipe.split.keys.values()
    return describe_rows(tables, recipe.data, target, task, keys, recipe.own), numbered, counts[0]


def is_asked(name: str, table: str, recipe: Recipe) -> bool:
    """Return whether the description of the tables depends on the values of a raw column.

    Where the features are named in Python, and the type of the column is declared, it does not.
    """
    said = recipe.data.tables[table]
    if name in said.join_on.values():
        return False
    if recipe.own.features is None or (table == recipe.first and name == recipe.labels.target):
        return True
    joined = f"{said.prefix}{name}"
    found = recipe.data.for_columns([joined]).columns.get(joined)
    return found is None or found.type is None
