"""The classes of a declared case's target, as they are written, and targets from which nothing can be learnt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError, distinct, distinct_of_type, spread
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.column_types.labels import find_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.column_types.kinds import Kind
    from casebook.config.schema.table_declaration import ColumnParameters
    from casebook.preprocessing.row_schema import Label

SHOWN = 5
# A class of fewer rows cannot be in training, validation and test.
LEAST_ROWS = 3
# Class numbers are kept in a byte.
MOST_CLASSES = 255


def list_classes(column: pd.Series, said: ColumnParameters | None, task: str, place: str) -> tuple[Label, ...]:
    """List the labels of a target's classes, as they are written, in the order of the class numbers.

    Returns:
        Declared ones as they are declared, else those of the file, sorted; nothing where they are 0, 1, 2 ...

    Raises:
        InvalidTableError: other labels than the declared ones, one class only, or more than the rows can support.
    """
    counts = count_labels(column)
    labels = sorted(counts)
    classes: tuple[Label, ...] = tuple(labels)
    if said is not None and said.classes:
        # As the file's own are read: 1.0 is 1.
        read = COLUMN_TYPES["category"].parse_value
        classes = tuple(label if isinstance(label, int) else read(str(label)) for label in said.classes)
        counts = count_classes(counts, classes, said.others == "missing", place)
    elif labels and all(label.lstrip("-").isdigit() for label in labels):
        classes = tuple(sorted(map(int, labels)))
    refuse_hopeless(counts, task, place)
    return () if classes == tuple(range(len(classes))) else classes


def count_labels(column: pd.Series) -> dict[str, int]:
    """Count the rows of each label, as categories are read."""
    codes, values = distinct_of_type(column)
    rows = np.bincount(codes[codes >= 0], minlength=len(values)).tolist()
    read = COLUMN_TYPES["category"].parse_value
    counts: Counter[str] = Counter()
    for value, count in zip(values.tolist(), rows, strict=True):
        label = read(value)
        if label is not None and count:
            counts[label] += count
    return dict(counts)


def count_classes(
    counts: dict[str, int], classes: tuple[Label, ...], others_missing: bool, place: str
) -> dict[str, int]:
    """Count the rows of each declared class, in whatever spelling.

    Raises:
        InvalidTableError: labels are none of them, and are not said to count as missing.
    """
    declared = [str(label) for label in classes]
    find = find_label({label: number for number, label in enumerate(declared)})
    numbers = {label: find(label) for label in counts}
    others = [label for label, number in numbers.items() if number is None]
    if others and not others_missing:
        raise InvalidTableError(
            f"{place}: {', '.join(map(repr, others[:SHOWN]))} ({sum(counts[label] for label in others)} rows) is none "
            f"of the declared classes {', '.join(declared)}; add it to the column's classes, set such rows aside by "
            f"others: missing, or mend the file"
        )
    rows: Counter[str] = Counter()
    for label, number in numbers.items():
        if number is not None:
            rows[declared[number]] += counts[label]
    return dict(rows)


def number_target(
    column: pd.Series, classes: Sequence[Label], kind: Kind, place: str, others_missing: bool = False
) -> pd.Series:
    """Make numbers of a raw target, or class numbers; float64 with NaN for null.

    Args:
        column: raw values.
        classes: the labels by class number; none where they are the numbers.
        kind: of the numbers of a regression, or category.
        place: what to call the column in errors.
        others_missing: whether a label that is none of the classes is null.

    Raises:
        InvalidTableError: a value is no number, or none of the classes.
    """
    parsed = COLUMN_TYPES[kind].parse_column(column, place)
    if others_missing and kind == "category":
        find = find_label({str(label): number for number, label in enumerate(classes)})
        parsed = parsed.mask(parsed.astype("str").map(find, na_action="ignore").isna())
    return number_classes(parsed, classes, place) if kind == "category" else parsed.astype("float64")


def number_classes(labels: pd.Series, classes: Sequence[Label], place: str) -> pd.Series:
    """Number the labels; float64 with NaN for null.

    Raises:
        InvalidTableError: a label is none of the classes.
    """
    codes, values = distinct(labels)
    texts = pd.Series(values.astype("str"), dtype="str")
    find = find_label({str(label): number for number, label in enumerate(classes)})
    by_label = texts.map(find) if classes else pd.to_numeric(texts, errors="coerce")
    found = pd.Series(spread(codes, by_label.to_numpy(np.float64), np.nan), labels.index)
    strange = found.isna().to_numpy() & labels.notna().to_numpy()
    if strange.any():
        rows = np.flatnonzero(strange)
        raise InvalidTableError(
            f"{place}: {str(labels.iloc[rows[0]])!r} is no class ({len(rows)} rows, first in data row {rows[0] + 1}); "
            f"there are {', '.join(map(str, classes))}"
        )
    return found


def refuse_hopeless(counts: dict[str, int], task: str, place: str) -> None:
    """Refuse classes from which nothing can be learnt."""
    if not counts:
        raise InvalidTableError(f"{place}: no row has a value; there is nothing to learn from")
    if len(counts) < 2:
        raise InvalidTableError(f"{place}: every row is {next(iter(counts))}; two classes at least are needed")
    if task == "binary" and len(counts) > 2:
        named = ", ".join(list(counts)[:SHOWN])
        raise InvalidTableError(f"{place}: there are {len(counts)} classes ({named}); give task: multiclass")
    few = [label for label, rows in counts.items() if rows < LEAST_ROWS]
    if few or len(counts) > MOST_CLASSES:
        named = f": {', '.join(few[:SHOWN])}" if few else ""
        raise InvalidTableError(
            f"{place}: {len(few)} of {len(counts)} classes have fewer than {LEAST_ROWS} rows{named}; training, "
            f"validation and test need one each, and {MOST_CLASSES} classes are the most: put classes together, leave "
            f"those rows out, or give task: regression where the target is a number"
        )


def refuse_constant(column: pd.Series, place: str) -> None:
    """Refuse a number that is the same in every row, or in none."""
    known = column.dropna()
    if not len(known):
        raise InvalidTableError(f"{place}: no row has a value; there is nothing to learn from")
    if known.nunique() < 2:
        raise InvalidTableError(f"{place}: every row is {known.iloc[0]}; there is nothing to learn from")
