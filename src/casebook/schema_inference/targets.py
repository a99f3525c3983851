"""The target: whether a column can be one, which task it makes, and its classes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from casebook.data.target_classes import LEAST_ROWS
from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.roles import is_counted_up, names_id
from casebook.schema_inference.types import BOOLEAN_PAIRS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from casebook.schema_inference.types import InferredType
    from casebook.schema_inference.values import ColumnValues

    Task = Literal["binary", "multiclass", "regression"]

MAX_CLASSES = 100
# Whole numbers with so few values may be classes; more are a number.
MAX_NUMBERED_CLASSES = 12
# Each class of numbers has so large a share of the rows; counts have rare large values.
MIN_NUMBERED_CLASS_SHARE = 0.02
# Each of training, validation and test rows needs each class.
MIN_CLASS_ROWS = 30
MIN_ROWS_PER_CLASS = 5
SHOWN_CLASSES = 4
# Of two classes the first is the negative one, however frequent.
NEGATIVE_AND_POSITIVE = [
    *BOOLEAN_PAIRS,
    ("0", "1"), ("0.0", "1.0"), ("negative", "positive"), ("neg", "pos"), ("absent", "present"), ("-", "+"),
    ("non", "oui"), ("nein", "ja"), ("nee", "ja"), ("nej", "ja"), ("nei", "ja"), ("no", "si"), ("no", "sí"),
    ("no", "sì"), ("não", "sim"), ("nao", "sim"), ("nie", "tak"), ("ne", "ano"), ("nem", "igen"), ("нет", "да"),
    ("否", "是"), ("faux", "vrai"), ("falsch", "wahr"),
]  # fmt: skip
# Of a text target, from which on it is a number with faults in it.
MOSTLY_NUMBERS_SHARE = 0.5


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Attributes:
        column: its values; null in rows of a class that is set aside.
        task: binary, multiclass or regression.
        why: the task, in a few words.
        classes: as they are written, the positive one last of two; none for a regression.
        ordered: whether the values have an order: numbers, or classes of a scale.
        rare: classes that have fewer than `MIN_CLASS_ROWS` rows, with their number.
        set_aside: those of fewer than `LEAST_ROWS`, which are none of `classes`.
    """

    column: ColumnValues
    task: Task
    why: str
    classes: tuple[str, ...] = ()
    ordered: bool = False
    rare: tuple[tuple[str, int], ...] = ()
    set_aside: tuple[tuple[str, int], ...] = ()

    @property
    def nulls(self) -> int:
        """Rows without a target, those of classes that are set aside not counted."""
        return self.column.nulls - sum(rows for _, rows in self.set_aside)


def write_rows(rows: Sequence[tuple[str, int]]) -> str:
    """Write classes with their rows, the first of them where there are many: `Maybe 4, Other 2 and 9 more`."""
    more = f" and {len(rows) - SHOWN_CLASSES} more" if len(rows) > SHOWN_CLASSES else ""
    return (
        ", ".join(f"{label!r} {count}" if "," in label else f"{label} {count}" for label, count in rows[:SHOWN_CLASSES])
        + more
    )


def find_target(columns: Collection[str], target: str, file: str, what: str = "the target") -> str:
    """Return the target's column, or another that the user named.

    Args:
        columns: of the file.
        target: the name that the user gave.
        file: its name.
        what: the column is for.

    Raises:
        SchemaInferenceError: there is none of that name; names the nearest.
    """
    if target in columns:
        return target
    near = difflib.get_close_matches(target, columns, n=3, cutoff=0.5)
    near = [name for name in columns if name.lower() == target.lower()] or near
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise SchemaInferenceError(f"{file} has no column {target!r} for {what}{hint}; it has {', '.join(columns)}")


def infer_target(column: ColumnValues, inferred: InferredType, task: Task | None = None) -> Target:
    """Check that a column can be predicted, and find task and classes.

    Args:
        column: the target's values.
        inferred: its type.
        task: what the user says it is.

    Raises:
        SchemaInferenceError: it is constant, a key, has more classes than rows can support, or holds texts where
            numbers are needed.
    """
    _refuse_constant(column)
    task, why = (task, "as said") if task else _infer_task(column, inferred)
    signs = f"; write {column.texts[0]!r} as a plain number, without the signs around it" if inferred.decimal else ""
    if task == "regression":
        _refuse_texts(column, signs)
        _refuse_key(column)
        return Target(column, task, why, ordered=True)
    if not signs:
        _refuse_key(column)
    if len(column.distinct) > MAX_CLASSES or column.filled < MIN_ROWS_PER_CLASS * len(column.distinct):
        raise SchemaInferenceError(
            f"the target {column.name} has {len(column.distinct):,} different values in {column.filled:,} rows, more "
            f"classes than these rows support; give another column, or --task regression if they are numbers{signs}"
        )
    if task == "binary" and len(column.distinct) != 2:
        raise SchemaInferenceError(
            f"the target {column.name} has {len(column.distinct)} classes; give --task multiclass"
        )
    if task == "multiclass" and len(column.distinct) == 2:
        raise SchemaInferenceError(f"the target {column.name} has 2 classes; give --task binary")
    rows = dict(zip(column.texts, column.counts.tolist(), strict=True))
    set_aside = _find_hopeless(rows)
    if set_aside:
        column = column.drop(set_aside)
        task = "binary" if len(column.distinct) == 2 else task
        why = f"{len(column.distinct)} classes of {LEAST_ROWS} rows or more"
    classes = tuple(label for label in _order_classes(column, inferred) if label not in set_aside)
    rare = tuple((label, rows[label]) for label in classes if rows[label] < MIN_CLASS_ROWS)
    ordered = len(classes) > 2 and bool(inferred.order)
    return Target(column, task, why, classes, ordered, rare, tuple(set_aside.items()))


def _find_hopeless(rows: Mapping[str, int]) -> dict[str, int]:
    """Find the classes of too few rows, with their number, where two or more others remain."""
    few = {label: count for label, count in rows.items() if count < LEAST_ROWS}
    return few if len(rows) - len(few) >= 2 else {}


def _infer_task(column: ColumnValues, inferred: InferredType) -> tuple[Task, str]:
    distinct = len(column.distinct)
    if distinct == 2:
        return "binary", f"2 values: {' and '.join(column.texts)}"
    if inferred.is_number:
        shares = column.counts / column.filled
        few = inferred.type == "integer" and distinct <= MAX_NUMBERED_CLASSES and is_counted_up(column)
        if few and shares.min() >= MIN_NUMBERED_CLASS_SHARE:
            return "multiclass", f"{distinct} whole numbers, each in many rows; if they count, give --task regression"
        return "regression", f"{distinct:,} different numbers"
    _refuse_mostly_numbers(column)
    return "multiclass", f"{distinct} classes"


def _refuse_constant(column: ColumnValues) -> None:
    if len(column.distinct) < 2:
        held = f"{column.texts[0]!r} in all {column.filled:,} rows" if column.filled else "nothing"
        nulls = f", null in the other {column.nulls:,}" if column.nulls and column.filled else ""
        raise SchemaInferenceError(f"the target {column.name} is constant: it holds {held}{nulls}; give another column")


def _refuse_key(column: ColumnValues) -> None:
    unique = column.is_unique and column.filled >= MIN_ROWS_PER_CLASS
    whole_id = column.is_whole and (names_id(column.name) or is_counted_up(column))
    if unique and (column.numbers is None or whole_id):
        raise SchemaInferenceError(
            f"the target {column.name} is a key: each of its {column.filled:,} values stands in one row (first: "
            f"{', '.join(column.texts[:3])}), so that nothing can be learnt of it; give another column"
        )


def _refuse_mostly_numbers(column: ColumnValues) -> None:
    numbers = ~np.isnan(column.parsed_numbers)
    if len(numbers) > MAX_NUMBERED_CLASSES and numbers.mean() > MOSTLY_NUMBERS_SHARE:
        _refuse_texts(column)


def _refuse_texts(column: ColumnValues, hint: str = "") -> None:
    wrong = np.isnan(column.parsed_numbers)
    if wrong.any():
        rows = int(column.counts[wrong].sum())
        shown = ", ".join(repr(text) for text, bad in zip(column.texts, wrong, strict=True) if bad)
        raise SchemaInferenceError(
            f"the target {column.name} of a regression holds texts in {rows:,} of {column.filled:,} rows, first in "
            f"data rows {column.first_rows(wrong)}: {shown[:60]}; mend or empty them (rows with an empty target are "
            f"set aside), or give --task multiclass{hint}"
        )


def _order_classes(column: ColumnValues, inferred: InferredType) -> tuple[str, ...]:
    """Order the classes: of two the positive one last, by its word, else the rarer; of more as they are written."""
    texts = column.texts
    if len(texts) == 2:
        known = [pair for pair in NEGATIVE_AND_POSITIVE if {text.lower() for text in texts} == set(pair)]
        if known:
            return tuple(sorted(texts, key=lambda text: known[0].index(text.lower())))
        if column.numbers is not None:
            return tuple(text for _, text in sorted(zip(column.numbers, texts, strict=True)))
        rows = dict(zip(texts, column.counts.tolist(), strict=True))
        return tuple(sorted(texts, key=lambda text: (-rows[text], text)))
    if inferred.order:
        return inferred.order
    if column.numbers is not None:
        return tuple(text for _, text in sorted(zip(column.numbers, texts, strict=True)))
    return tuple(sorted(texts))
