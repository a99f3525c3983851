"""Which rows an honest test holds out: those of other subjects, of a later time, the given ones, or any."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.config.schema.data import SplitParameters
from casebook.data.splitting import PARTS, split_given, split_keys
from casebook.schema_inference.orders import split_name
from casebook.schema_inference.roles import is_counted_up, names_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from casebook.schema_inference.roles import InferredRole
    from casebook.schema_inference.types import InferredType
    from casebook.schema_inference.values import ColumnValues

# What a run does where the case says nothing else.
USUAL = SplitParameters()
MIN_TIMES = 10
MAX_NULL_SHARE = 0.01
# Where more rows are copies, the table has few columns of few values, and equal rows are not the same observation.
MAX_COPIED_SHARE = 0.5
# Until each part has each class; so few subjects are not dealt out at all then.
TRIED_SEEDS, MIN_TRIED_SUBJECTS = 20, 30
# Of a panel: the subjects, the share of them that a time must have, the times of each. Many panels have gaps: of
# equally many rows at random a quarter of all pairs would repeat some.
MIN_PANEL_SUBJECTS, MIN_PANEL_SHARE, MIN_PANEL_TIMES = 5, 0.25, 3
# On such a day what a row tells of is over.
END_WORDS = {
    "end", "ended", "ends", "ending", "finish", "finished", "finishes", "stop", "stopped", "close", "closed",
    "expiration", "expires", "expired", "expiry", "due", "until", "released", "discharged", "discharge", "resolved",
    "completed", "updated", "modified", "deceased", "died", "death",
}  # fmt: skip
BIRTH_WORDS = {"birth", "birthdate", "birthday", "born", "dob"}
FIRST_YEAR, LAST_YEAR = 1600, 2200


@dataclass(frozen=True)
class InferredSplit:
    """How rows are assigned to training, validation and test.

    Attributes:
        strategy: row, group, time or given.
        column: that it goes by; none for row.
        why: in a few words.
        settings: further keys of the `split` block.
        copies: rows that are equal to an earlier one, keys aside.
        duplicates: what becomes of them.
    """

    strategy: str = "row"
    column: str = ""
    why: str = "no key repeats and there is no time"
    settings: Mapping[str, Any] = field(default_factory=dict)
    copies: int = 0
    duplicates: str = "keep"


def find_time(columns: Mapping[str, ColumnValues], types: Mapping[str, InferredType]) -> str:
    """Find the column that says when a row happened; empty where none does.

    Dates of birth do not, and dates of which there are few leave too little choice. Of several, the one by which the
    file is sorted, else the one with the most different values; one on which something ends is the last choice.
    """
    fitting = [name for name, column in columns.items() if _can_be_time(column, types[name])]
    order = {
        name: (
            not END_WORDS & set(split_name(name)),
            _is_sorted(columns[name], types[name]),
            len(columns[name].distinct),
        )
        for name in fitting
    }
    return max(fitting, key=lambda name: order[name], default="")


def _can_be_time(column: ColumnValues, inferred: InferredType) -> bool:
    if column.nulls > MAX_NULL_SHARE * len(column) or BIRTH_WORDS & set(split_name(column.name)):
        return False
    if inferred.is_date:
        return len(column.distinct) >= MIN_TIMES
    numbers = column.numbers
    # A series of years, one row each.
    return bool(
        inferred.type == "integer" and numbers is not None and names_time(column.name) and column.is_unique
        and is_counted_up(column) and len(numbers) >= MIN_TIMES and _is_sorted(column, inferred)
        and numbers.min() > FIRST_YEAR and numbers.max() < LAST_YEAR
    )  # fmt: skip


def split_by_group(column: ColumnValues, why: str, classes: np.ndarray | None) -> InferredSplit | None:
    """Keep the rows of each subject on one side; none where a part would be empty or lack a class.

    Args:
        column: the subjects.
        why: they are such.
        classes: int of shape (rows,), the target's classes, -1 for null; none of a regression.
    """
    subjects = pd.Series(column.texts, dtype="str").reindex(column.codes)
    seeds = 1 if len(column.distinct) < MIN_TRIED_SUBJECTS else TRIED_SEEDS
    split = partial(split_keys, subjects, USUAL.test_share, USUAL.validation_share)
    return _try_seeds(InferredSplit("group", column.name, why), split, seeds, classes)


def split_by_given(column: ColumnValues, role: InferredRole, classes: np.ndarray | None) -> InferredSplit | None:
    """Take the split of a column, with validation rows out of its training rows; see `split_by_group`."""
    tested = np.append([text in role.test for text in column.texts], False)[column.codes]
    split = partial(split_given, pd.Series(np.where(tested, "test", "train")), USUAL.validation_share)
    return _try_seeds(InferredSplit("given", column.name, role.why), split, TRIED_SEEDS, classes)


def _try_seeds(
    split: InferredSplit, assign: Callable[[int], np.ndarray], seeds: int, classes: np.ndarray | None
) -> InferredSplit | None:
    """Return a split with the first seed, the usual one before others, that leaves no part empty or without a class."""
    for seed in (USUAL.seed, *range(1, seeds)):
        if _fill_all_parts(assign(seed), np.unique(list(PARTS.values())), classes):
            why = f"{split.why}; of this seed no part lacks a class"
            return split if seed == USUAL.seed else replace(split, why=why, settings={"seed": seed})
    return None


def _fill_all_parts(parts: np.ndarray, names: np.ndarray, classes: np.ndarray | None) -> bool:
    """Return whether each part has rows, and rows of each class."""
    for name in names:
        held = parts == name
        if not held.any():
            return False
        if classes is not None and len(np.unique(classes[held & (classes >= 0)])) < classes.max() + 1:
            return False
    return True


def find_panel(columns: Mapping[str, ColumnValues], types: Mapping[str, InferredType]) -> tuple[str, str]:
    """Find the subject of a panel: a column of which, with a time that many share, no pair stands twice.

    Returns:
        The column and why, or two empty texts.
    """
    times = [name for name, column in columns.items() if not column.nulls and (types[name].is_date or names_time(name))]
    for time in times:
        shared = len(columns[time]) / max(len(columns[time].distinct), 1)
        for name, column in columns.items():
            subjects = len(column.distinct)
            fits = types[name].type in ("category", "integer") and name not in times and not column.nulls
            many = subjects >= MIN_PANEL_SUBJECTS and len(column) >= MIN_PANEL_TIMES * subjects
            if fits and many and shared >= MIN_PANEL_SHARE * subjects and not _repeats(column, columns[time]):
                return name, f"{subjects:,} of them, each once at a {time}"
    return "", ""


def is_one_for_one(first: ColumnValues, second: ColumnValues) -> bool:
    """Return whether each value of a column goes with one of the other's, and the other way round."""
    count = len(first.distinct)
    if count != len(second.distinct) or first.nulls or second.nulls:
        return False
    pairs = first.codes.astype(np.int64) * len(second.distinct) + second.codes
    return len(np.unique(pairs)) == count


def _repeats(first: ColumnValues, second: ColumnValues) -> bool:
    pairs = first.codes.astype(np.int64) * len(second.distinct) + second.codes
    return len(np.unique(pairs)) < len(pairs)


def times_of(column: ColumnValues, inferred: InferredType) -> np.ndarray:
    """Return each row's time in days, or in the numbers that it is given in; NaN where it is null."""
    if inferred.instants is not None:
        return column.by_row(inferred.instants.astype("datetime64[s]").astype(np.int64) / 86_400)
    return column.by_row(column.parsed_numbers)


def _is_sorted(column: ColumnValues, inferred: InferredType) -> bool:
    times = times_of(column, inferred)
    times = times[~np.isnan(times)]
    return bool((np.diff(times) >= 0).all())


def split_by_time(column: ColumnValues, inferred: InferredType, classes: np.ndarray | None) -> InferredSplit | None:
    """Hold out the last days with about a fifth of the rows; none where a part would lack a class.

    Args:
        column: the time.
        inferred: its type.
        classes: int of shape (rows,), the target's classes, -1 for null; none of a regression.
    """
    times = times_of(column, inferred)
    if np.isnan(times).all():
        return None
    age = np.floor(np.nanmax(times) - times)
    test_days = _days_with(age, USUAL.test_share, 1)
    rest = age[age >= test_days] - test_days
    if not len(rest):
        return None
    validation_days = _days_with(rest, USUAL.validation_share, 1)
    parts = np.where(age < test_days, 2, np.where(age < test_days + validation_days, 1, 0))
    if not _fill_all_parts(parts, np.arange(3), classes):
        return None
    unit = "days" if inferred.is_date else "steps"
    share = (parts == 2).mean()
    return InferredSplit(
        "time", column.name, f"the last {test_days} {unit} ({share:.0%} of the rows) are the test",
        {"test_days": test_days, "validation_days": validation_days},
    )  # fmt: skip


def _days_with(age: np.ndarray, share: float, least: int) -> int:
    """Return the number of last days that hold about a share of the rows."""
    known = age[~np.isnan(age)]
    return max(least, int(np.quantile(known, share)))


def count_copies(columns: Mapping[str, ColumnValues]) -> int:
    """Count the rows that are equal to an earlier one in all of some columns."""
    if not columns:
        return 0
    table = pd.DataFrame({place: column.codes for place, column in enumerate(columns.values())}, copy=False)
    return int(pd.util.hash_pandas_object(table, index=False).duplicated().sum())


def describe_copies(split: InferredSplit) -> str:
    """Say how many rows are copies, and what becomes of them."""
    who = (
        "1 row is a copy of another: both" if split.copies == 1 else f"{split.copies:,} rows are copies of others: they"
    )
    return f"{who} {'stay on one side' if split.duplicates == 'group' else 'are kept as they are'}"


def split_by_row(copies: int, rows: int, why: str = InferredSplit.why) -> InferredSplit:
    """Assign rows at random, copies of a row to one side."""
    return InferredSplit(
        why=why, copies=copies, duplicates="group" if 0 < copies <= MAX_COPIED_SHARE * rows else "keep"
    )
