"""The type of a column, inferred from its distinct values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.preprocessing.quantities import match_quantity
from casebook.schema_inference.choices import lists_choices
from casebook.schema_inference.dates import find_date_form
from casebook.schema_inference.orders import find_order, split_name

if TYPE_CHECKING:
    from casebook.config.schema.table_declaration import DeclaredType
    from casebook.schema_inference.values import ColumnValues

# The negative one first.
BOOLEAN_PAIRS = (("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("off", "on"))
# Digits that count nothing.
CODE_NAMES = {"zip", "zipcode", "postcode", "postal", "plz"}
DATE_NAMES = {"date", "day", "time", "timestamp", "dt", "at", "on"}
# Words of a value from which on it is read as a text.
MIN_TEXT_WORDS = 2.5
MIN_TEXT_CHARACTERS = 40
# Texts hardly repeat; categories do.
MIN_TEXT_DISTINCT_SHARE = 0.3
MIN_TEXT_DISTINCT = 30

# Of texts that are numbers with signs around them: fewer values are categories, more units are words.
MIN_QUANTITIES, MAX_UNITS, MIN_QUANTITY_SHARE = 10, 2, 0.98
DECIMALS = (".", ",")


@dataclass(frozen=True)
class InferredType:
    """What a column's values are.

    Attributes:
        type: as the declaration has it.
        why: in a few words; empty where it goes without saying.
        format: of dates that are not ISO.
        order: of an ordinal's values.
        instants: of a date's distinct values, datetime64[s].
        decimal: of numbers that are written with a currency, a percent sign or separators of thousands; else empty.
    """

    type: DeclaredType
    why: str = ""
    format: str = ""
    order: tuple[str, ...] = ()
    instants: np.ndarray | None = None
    decimal: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return self.type in ("number", "integer")

    @property
    def is_date(self) -> bool:
        """Whether the values are dates or times."""
        return self.type in ("date", "datetime")

    @property
    def is_default(self) -> bool:
        """Whether a run infers the same of a column that is not listed."""
        return self.type in ("number", "integer", "category")


def infer_type(column: ColumnValues) -> InferredType:
    """Infer the type of a column from all of its distinct values.

    Args:
        column: with at least one value; an empty one is a category.
    """
    if not column.filled:
        return InferredType("category", "empty")
    if column.distinct.dtype.kind == "M":
        return _of_timestamps(column.distinct)
    if column.distinct.dtype.kind == "b":
        return InferredType("boolean")
    if column.order:
        return InferredType("ordinal", "an ordered category", order=column.order)
    if column.coded:
        return InferredType("category", "numbers that are categories")
    if column.numbers is not None:
        if column.is_whole and DATE_NAMES & set(split_name(column.name)):
            dates = find_date_form([f"{number:.0f}" for number in column.numbers])
            if dates and dates.format == "%Y%m%d":
                return InferredType("date", "digits of dates", dates.format, instants=dates.instants)
        if column.is_whole and CODE_NAMES & set(split_name(column.name)):
            return InferredType("category", "digits of a code")
        return InferredType("integer" if column.is_whole else "number")
    return _infer_of_texts(column)


def _infer_of_texts(column: ColumnValues) -> InferredType:
    texts = column.texts
    if {text.lower() for text in texts} in map(set, BOOLEAN_PAIRS):
        return InferredType("boolean", "/".join(sorted(texts)))
    dates = find_date_form(texts)
    if dates:
        return InferredType(dates.type, dates.why, dates.format, instants=dates.instants)  # type: ignore[arg-type]
    if lists_choices(texts):
        return InferredType("category", "numbers of choices")
    order, why = find_order(texts, column.name)
    if order:
        return InferredType("ordinal", why, order=tuple(order))
    coded = column.holds_codes or CODE_NAMES & set(split_name(column.name))
    decimal = next((sign for sign in DECIMALS if not coded and _holds_quantities(column, sign)), "")
    if decimal:
        return InferredType("category", "numbers with signs around them", decimal=decimal)
    words = float(np.average([text.count(" ") + 1 for text in texts], weights=column.counts))
    characters = float(np.average([len(text) for text in texts], weights=column.counts))
    if len(texts) >= MIN_TEXT_DISTINCT and len(texts) >= MIN_TEXT_DISTINCT_SHARE * column.filled:
        spaced = np.average([" " in text.strip() for text in texts])
        if words >= MIN_TEXT_WORDS or characters >= MIN_TEXT_CHARACTERS or (spaced > 0.5 and not column.is_unique):
            return InferredType("text", f"{len(texts):,} texts of {words:.1f} words")
    return InferredType("category", "digits of a code" if column.holds_codes else "")


def _holds_quantities(column: ColumnValues, decimal: str) -> bool:
    """Return whether texts are numbers with a currency, a percent sign, a unit or separators of thousands."""
    found = [match_quantity(text, decimal) for text in column.texts]
    units = {match[1] for match in found if match}
    share = np.average([match is not None for match in found], weights=column.counts)
    return len(found) >= MIN_QUANTITIES and len(units) <= MAX_UNITS and bool(share >= MIN_QUANTITY_SHARE)


def _of_timestamps(values: pd.Index) -> InferredType:
    times = pd.DatetimeIndex(values).tz_localize(None)
    instants = times.to_numpy().astype("datetime64[s]")
    if (instants == instants.astype("datetime64[D]")).all():
        return InferredType("date", instants=instants)
    return InferredType("datetime", instants=instants)
