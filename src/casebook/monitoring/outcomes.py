"""Outcomes that arrive after a prediction: held to the target's declaration, and joined with what was predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError
from casebook.data.joins import write_keys
from casebook.data.source_names import source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    ReadTargets = Callable[[pd.Series, str], pd.Series]

KEY, ROW = "key", "row"


@dataclass(frozen=True)
class JoinedOutcomes:
    """Predictions with their outcomes, and what became of the outcomes.

    Attributes:
        rows: the predictions with an outcome, in their order, with `actual`.
        counts: of the `outcomes`: still `empty`, `joined`, of no prediction (`unmatched`), and those among the joined
            that fit several rows of one file (`several_rows`) or rows of several predictions (`several_predictions`),
            of which the newest counts.
    """

    rows: pd.DataFrame
    counts: dict[str, int]


def parse_outcomes(table: pd.DataFrame, key: str, target: str, read: ReadTargets) -> pd.DataFrame:
    """Check outcomes as the target of labelled rows is checked.

    Args:
        table: as read; the key under its own name, or as `row`, the row's number in the predicted file from 0; and the
            target. Other columns are not looked at.
        key: the name of the key's column; nothing for `row`.
        target: the name of the outcome's column.
        read: reads its values, given the name of the file; see `schema_checks.read_targets`.

    Returns:
        `key`, a text, and `actual`, a number, NaN where the outcome has not arrived yet.

    Raises:
        InvalidTableError: names the file, column and value.
    """
    file, name = source_of(table, "outcomes"), key or ROW
    missing = [column for column in (name, target) if column not in table]
    if missing:
        there = ", ".join(map(str, table.columns))
        number = f"; {ROW} is the number of the row in the predicted file, from 0" if ROW in missing else ""
        raise InvalidTableError(f"{file} lacks {', '.join(missing)}; it has {there}{number}")
    if not len(table):
        raise InvalidTableError(f"{file} holds no outcomes: put the rows' {name} and {target} there")
    keys = write_keys(table[name])
    if not key:
        keys = keys.str.strip().str.replace(r"\.0+$", "", regex=True)
    refuse_keys(keys, f"{file}, column {name}")
    actual = read(table[target], file)
    return pd.DataFrame({KEY: keys.to_numpy(), "actual": actual.to_numpy(np.float64)})


def refuse_keys(keys: pd.Series, place: str) -> None:
    """Raise where a key is empty or stands twice."""
    empty = np.flatnonzero(keys.isna())
    if len(empty):
        raise InvalidTableError(f"{place}: empty in data row {empty[0] + 1} ({len(empty)} rows); remove those rows")
    repeated = keys[keys.duplicated()]
    if len(repeated):
        raise InvalidTableError(
            f"{place}: {repeated.iloc[0]} stands more than once ({len(repeated)} rows too many); keep one row each"
        )


def join_outcomes(predicted: pd.DataFrame, outcomes: pd.DataFrame) -> JoinedOutcomes:
    """Set the outcomes that have arrived beside the predictions of the same rows; of several the newest counts.

    Args:
        predicted: see `kept_predictions.gather_predictions`.
        outcomes: see `parse_outcomes`.

    Raises:
        InvalidTableError: a key names different rows of different files, or no outcome is of a predicted row.
    """
    arrived = outcomes[outcomes["actual"].notna()]
    places = pd.Index(arrived[KEY]).get_indexer(pd.Index(predicted[KEY].astype("str")))
    found = predicted[places >= 0].assign(actual=arrived["actual"].to_numpy()[places[places >= 0]])
    by_key = found.groupby(KEY, sort=False)
    refuse_ambiguous(by_key[["digest", "day"]].nunique())
    newest = found["order"] == by_key["order"].transform("max")
    rows = found[newest].reset_index(drop=True)
    counts = {
        "outcomes": len(outcomes),
        "empty": len(outcomes) - len(arrived),
        "joined": int(rows[KEY].nunique()),
        "unmatched": len(arrived) - int(rows[KEY].nunique()),
        "several_rows": int((rows[KEY].value_counts() > 1).sum()),
        "several_predictions": int(found.loc[~newest, KEY].nunique()),
    }
    if not len(rows):
        raise InvalidTableError(
            f"none of the {len(outcomes):,} outcomes is of a predicted row ({counts['empty']:,} are still empty, "
            f"{counts['unmatched']:,} have a key that was not predicted)"
        )
    return JoinedOutcomes(rows, counts)


def refuse_ambiguous(counts: pd.DataFrame) -> None:
    """Raise where a key was predicted in several files as rows of different days, which are not the same row.

    Args:
        counts: by key, of how many files (`digest`) and of how many days it was predicted.
    """
    differing = counts[(counts["digest"] > 1) & (counts["day"] > 1)]
    if len(differing):
        raise InvalidTableError(
            f"{len(differing):,} keys were predicted in several files as rows of different days (first: "
            f"{differing.index[0]}): say with monitor.file whose outcomes these are"
        )
