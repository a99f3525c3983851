"""The features of a declared case: those that a column has by its type, and those that are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casebook.column_types.column_type import InvalidTableError
from casebook.column_types.declared_types import list_order
from casebook.data.name_lookup import describe_unknown
from casebook.preprocessing.registered_functions import DATE_PARTS, FUNCTIONS
from casebook.preprocessing.row_schema import Feature

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.column_types.kinds import Kind
    from casebook.config.schema.table_declaration import FeatureParameters
    from casebook.preprocessing.registered_functions import RowFunction

# From this share of null rows on, that a number, a date or a text is missing is a feature of its own.
MISSING_SHARE = 0.01
# What a date, and a text, is made into.
DAY_FEATURES = ("year", "month", "quarter", "week", "weekday", "day")
WORD_BUCKETS = 64
# What a lag may be of.
NUMBER_KINDS = ("number", "integer", "boolean")
# Declared functions that make several features.
SEVERAL = ("date_parts", "hashed_words")


def list_features(
    open_columns: Mapping[str, Kind],
    columns: Mapping[str, Kind],
    values: Mapping[str, pd.Series],
    declared: Mapping[str, FeatureParameters],
    typed: Mapping[str, str | None],
    functions: Mapping[str, RowFunction] = FUNCTIONS,
    lagging: Lagging | None = None,
) -> dict[str, Feature]:
    """List the features by name.

    Args:
        open_columns: columns that are features themselves, with their kinds.
        columns: all columns that a feature may be made of, with their kinds.
        values: of the columns, raw.
        declared: features of the declaration, each of columns or of those before it.
        typed: declared types of columns.
        functions: that features may be made by.
        lagging: what lags go by; none where nothing says when a row happened.
    """
    features: dict[str, Feature] = {}
    for name, kind in open_columns.items():
        if typed.get(name) != "id" and values[name].notna().any():
            made = features_of_column(name, kind, values[name])
            # Of a table with a column `day_month` of its own, the month of `day` is no second one.
            features |= {each: made[each] for each in made if each == name or each not in columns}
    for name, said in declared.items():
        made = (
            declare_lag(name, said, columns, lagging)
            if said.function == "lag"
            else declare_feature(name, said, columns, features, functions)
        )
        own = {column for column in said.of if column == name}
        # One of a column's name takes its place; what the column's type made of it goes.
        if own:
            features = {each: made.pop(each, feature) for each, feature in features.items()}
        features |= made
    return features


def features_of_column(name: str, kind: Kind, values: pd.Series) -> dict[str, Feature]:
    """Return what a column of a kind is made into where nothing else is declared."""
    kind, _, form = kind.partition(":")
    if kind in {"date", "datetime"}:
        made = dates_of(name, kind)
    elif kind == "free_text":
        made = words_of(name)
    elif kind == "boolean":
        made = {name: Feature("zero_or_one", (name,))}
    elif kind == "ordinal":
        made = {name: Feature("rank", (name,), {"order": list_order(form)})}
    else:
        made = {name: Feature("as_is", (name,))}
    # Of a category null is one of its values.
    missing = kind != "category" and values.isna().mean() >= MISSING_SHARE
    return {**made, **({f"{name}_missing": Feature("is_missing", (name,))} if missing else {})}


def dates_of(name: str, kind: str) -> dict[str, Feature]:
    """Return the parts of a date, and the hour of a time."""
    parts = (*DAY_FEATURES, "hour") if kind == "datetime" else DAY_FEATURES
    return {f"{name}_{part}": Feature("date_part", (name,), {"part": part}) for part in parts}


def words_of(name: str, buckets: int = WORD_BUCKETS) -> dict[str, Feature]:
    """Return the counts of a text's words by the bucket of their hash."""
    return {
        f"{name}_words_{bucket}": Feature("hashed_word", (name,), {"bucket": bucket, "buckets": buckets})
        for bucket in range(buckets)
    }


@dataclass(frozen=True)
class Lagging:
    """What lags of a case go by.

    Attributes:
        time: the column that says when a row happened.
        group: the column whose values have a past of their own; empty for one past of all rows.
        target: which may be looked back at too, though rows to predict lack it.
    """

    time: str
    group: str
    target: str


def declare_lag(
    name: str, said: FeatureParameters, columns: Mapping[str, Kind], lagging: Lagging | None
) -> dict[str, Feature]:
    """Return a lag; see `lags.lag_column`.

    Raises:
        InvalidTableError: there is no such column, or none of numbers, or nothing says when a row happened.
    """
    place, value = f"data.features.{name}", said.of[0]
    if lagging is None or not lagging.time:
        raise InvalidTableError(f"{place}: a lag needs a column of the role time")
    if value != lagging.target and value not in columns:
        raise InvalidTableError(f"{place}.of: {describe_unknown('column', value, [*columns, lagging.target])}")
    kind = columns.get(value, "number").partition(":")[0]
    if kind not in NUMBER_KINDS:
        raise InvalidTableError(f"{place}.of: a lag takes a column of numbers, and {value} is {kind}")
    by = (lagging.time, *([lagging.group] if lagging.group else []))
    options = {"value": value, "time": lagging.time, "group": lagging.group, "steps": said.options.get("steps", 1)}
    return {name: Feature("lag", (*by, *([value] if value in columns else [])), options)}


def declare_feature(
    name: str,
    said: FeatureParameters,
    columns: Mapping[str, Kind],
    before: Mapping[str, Feature],
    functions: Mapping[str, RowFunction],
) -> dict[str, Feature]:
    """Return the features that one declaration makes.

    Raises:
        InvalidTableError: there is no such function or column, or not so many, or no such option.
    """
    place = f"data.features.{name}"
    for of in said.of:
        if of not in columns and of not in before:
            raise InvalidTableError(f"{place}.of: {describe_unknown('column or feature', of, [*columns, *before])}")
    if said.function == "date_parts":
        return dates_of(said.of[0], columns.get(said.of[0], "date").partition(":")[0])
    if said.function == "hashed_words":
        return words_of(said.of[0], int(said.options.get("buckets", WORD_BUCKETS)))
    if said.function not in functions:
        known = [*functions, *SEVERAL]
        raise InvalidTableError(f"{place}.function: {describe_unknown('function', said.function, known)}")
    function = functions[said.function]
    if len(said.of) != function.inputs:
        raise InvalidTableError(
            f"{place}.of: {said.function} takes {function.inputs} column{'s' * (function.inputs > 1)}, not "
            f"{len(said.of)}: {', '.join(said.of)}"
        )
    if set(said.options) != set(function.options):
        wanted = ", ".join(function.options) or "none"
        raise InvalidTableError(
            f"{place}.options: {said.function} takes {wanted}, not {', '.join(said.options) or 'none'}"
        )
    if said.function == "date_part" and said.options["part"] not in DATE_PARTS:
        raise InvalidTableError(
            f"{place}.options.part: {describe_unknown('part', str(said.options['part']), DATE_PARTS)}"
        )
    return {name: Feature(said.function, tuple(said.of), dict(said.options))}
