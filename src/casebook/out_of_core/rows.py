"""Rows of a part: joined, with their features, split, and what their counting adds to the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.data.promotion_holdout import find_promotion_keys, is_promotion_row
from casebook.data.settled_rows import settle_rows
from casebook.data.source_names import source_of
from casebook.data.split_keys import find_split_keys
from casebook.data.splitting import PARTS, PROMOTION, TEST, TRAIN, assign_rows
from casebook.out_of_core.joining import hash_keys, join_whole, type_part
from casebook.preprocessing.column_counts import ValueCounts
from casebook.preprocessing.fit_tabular import count_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.datasets.raw_parts import RawPart
    from casebook.out_of_core.joining import WholeTable
    from casebook.out_of_core.recipe import Recipe
    from casebook.preprocessing.column_counts import ColumnCounts

TIME = "time"


@dataclass(frozen=True)
class PartRows:
    """The rows of a part.

    Attributes:
        features: a feature table, with carried columns.
        promoted: which are promotion rows; bool of shape (rows,).
        kept: numbers of the rows that are kept as they stand in the files.
        raw: these, joined and typed.
        missing: rows without a target.
        repeated: hashes of the columns that stand in one row each; empty where nothing is declared.
    """

    features: pd.DataFrame
    promoted: np.ndarray
    kept: np.ndarray
    raw: pd.DataFrame
    missing: int
    repeated: np.ndarray


@dataclass(frozen=True)
class PartFacts:
    """What must be known of all parts before their rows can be split: see `PartRows`; `last` is the latest time."""

    rows: int
    missing: int
    repeated: np.ndarray
    last: Any


def make_rows(part: RawPart | pd.DataFrame, recipe: Recipe, tables: Mapping[str, WholeTable]) -> PartRows:
    """Make the feature table of a part.

    Args:
        part: raw, or typed rows that were shuffled.
        recipe: what is done.
        tables: that are still to be joined.
    """
    first = 0 if isinstance(part, pd.DataFrame) else part.first
    typed = part if isinstance(part, pd.DataFrame) else type_part(part, recipe.first, recipe)
    unique = recipe.data.tables[recipe.first].unique
    repeated = hash_keys(typed[unique]) if unique else np.empty(0, dtype=np.uint64)
    file, labels = source_of(typed, recipe.file), recipe.labels
    settled = settle_rows(join_whole(typed, recipe, tables), recipe.data, labels.target, labels.task, file)
    rows = settled.rows
    keys = find_promotion_keys(rows, recipe.promotion_key, labels.target)
    promoted = is_promotion_row(keys, recipe.split.promotion_share)
    some = is_promotion_row(keys, recipe.split.promotion_share * recipe.kept_share)
    kept = np.flatnonzero(np.where(promoted, some, (np.arange(len(rows)) + first) % recipe.every == 0))
    features = recipe.schema.engineer_features(rows)
    return PartRows(features, promoted, kept, rows.iloc[kept], settled.missing, repeated)


def find_part_facts(rows: PartRows, recipe: Recipe) -> PartFacts:
    """Return what must be known of all parts."""
    last = rows.features[recipe.split.keys[TIME]].max() if recipe.split.strategy == TIME else None
    return PartFacts(len(rows.features), rows.missing, rows.repeated, last)


def split_part(rows: PartRows, recipe: Recipe, last: Any) -> np.ndarray:  # noqa: ANN401 - a time, or a number
    """Assign the rows of a part; see `splitting.assign_rows`. 8 where one is a promotion row."""
    assigned = assign_rows(rows.features, recipe.split, last=last)
    return np.where(rows.promoted, PROMOTION, assigned).astype(np.uint8)


@dataclass(frozen=True)
class PartCounts:
    """What a part adds to what is counted of all rows.

    Attributes:
        before: rows of each part of the split, before promotion rows were held out.
        rows: of each part of the split, `promotion` and `unused`.
        classes: values of the target by part of the split; of numbers whether there are any.
        columns: counts of the training rows by feature.
        seen: by word of a key the hashes of keys of training rows, and of test rows with the number of rows.
        kept: the rows that are kept as they stand in the files.
        kept_part: of the split, of these.
        test_keys: place and key of the test rows.
    """

    before: dict[str, int]
    rows: dict[str, int]
    classes: dict[str, set[Any]]
    columns: dict[str, ColumnCounts]
    seen: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    kept: pd.DataFrame
    kept_part: np.ndarray
    test_keys: pd.DataFrame


def count_part(rows: PartRows, recipe: Recipe, names: Sequence[str], last: Any) -> PartCounts:  # noqa: ANN401
    """Count the rows of a part.

    Args:
        rows: of the part.
        recipe: what is done.
        names: of the features that may be fitted.
        last: the latest time of all rows.
    """
    features, part = rows.features, split_part(rows, recipe, last)
    assigned = assign_rows(features, recipe.split, last=last)
    before = {name: assigned & bit > 0 for name, bit in PARTS.items()}
    training = features[part & TRAIN > 0]
    # Days are no features, as in a whole table.
    fitted = [name for name in names if features[name].dtype.kind != "M"]
    columns = {name: _condense(name, count_column(training[name], recipe.preprocessing), recipe) for name in fitted}
    words = {word: column for word, column in recipe.split.keys.items() if word not in {TIME, "given"}}
    seen = {}
    for word, column in words.items():
        hashed = hash_keys(features[[column]])
        tested, counts = np.unique(hashed[part & TEST > 0], return_counts=True)
        seen[word] = (np.unique(hashed[part & TRAIN > 0]), tested, counts)
    counted = {name: int((part & bit > 0).sum()) for name, bit in {**PARTS, "promotion": PROMOTION}.items()}
    return PartCounts(
        {name: int(mask.sum()) for name, mask in before.items()},
        {**counted, "unused": int((part == 0).sum())},
        {name: _list_targets(features[recipe.labels.target], mask, recipe) for name, mask in before.items()},
        columns,
        seen,
        rows.raw,
        part[rows.kept],
        name_test_keys(rows, part, recipe, last),
    )


def _list_targets(target: pd.Series, mask: np.ndarray, recipe: Recipe) -> set[Any]:
    """List the classes of some rows; of numbers whether there are any."""
    if recipe.labels.task == "regression":
        return {0} if mask.any() else set()
    return set(pd.unique(target.to_numpy()[mask]).tolist())


def _condense(name: str, counted: ColumnCounts, recipe: Recipe) -> ColumnCounts:
    """Keep fewer values where quantiles alone are asked for: the most frequent value would be another."""
    exact = isinstance(counted, ValueCounts) and recipe.preprocessing.impute.get(name) == "mode"
    return counted if exact else counted.condense()


def name_test_keys(rows: PartRows, part: np.ndarray, recipe: Recipe, last: Any) -> pd.DataFrame:  # noqa: ANN401
    """Return of each test row of a part its place there, and its key, a text, as a category; see `find_split_keys`."""
    places = np.flatnonzero(part & TEST)
    keys = find_split_keys(rows.features, recipe.split, last=last).of_rows
    if keys is None:
        raise ValueError(f"a split by {recipe.split.strategy} has no keys")
    texts = keys.iloc[places].reset_index(drop=True).astype("str").astype("category")
    return pd.DataFrame({"row": places, "key": texts})
