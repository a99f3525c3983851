"""From raw files in parts to model arrays in shards: what one process does with all rows, done part by part.

The same functions type, join, make features, split and encode a part as they do a whole table. What is fitted is
counted in each part and added: categories, means and deviations are exact, quantiles of a number of more than 16,384
different values in a part are off by at most 1/8,192 of the rows (see `column_counts`).
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.column_type import InvalidTableError
from casebook.data.promotion_holdout import refuse_emptied
from casebook.data.settled_rows import describe_missing_target
from casebook.data.splitting import PARTS, check_parts
from casebook.data.stacking import stack_tables
from casebook.out_of_core import encoding
from casebook.out_of_core.describing import describe_parts
from casebook.out_of_core.joining import Joiner
from casebook.out_of_core.recipe import SAMPLE_ROWS
from casebook.out_of_core.rows import count_part, find_part_facts, make_rows
from casebook.preprocessing.column_counts import CategoryCounts, add_counts
from casebook.preprocessing.fit_tabular import fit_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from casebook.datasets.raw_parts import RawPart
    from casebook.out_of_core.recipe import PartWorkers, Recipe, ShardPlace
    from casebook.out_of_core.rows import PartCounts, PartFacts
    from casebook.preprocessing.column_counts import ColumnCounts
    from casebook.preprocessing.row_schema import RowSchema
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    # Which of the features that may be fitted are: of their names, what was counted, and kept rows of the training.
    Choose = Callable[[list[str], pd.DataFrame, RowSchema], list[str]]

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """What is made of raw files in parts.

    Attributes:
        schema: of the joined rows.
        preprocessor: fitted on all training rows.
        arrays: prepared rows by part of the split, in shards.
        rows: some joined rows as they stand in the files; all of them where they are few.
        part: of the split, of these.
        test_keys: of all test rows; see `reports.test_rows.number_test_rows`.
        split_metrics: rows of each part, and the share of test rows whose key was in training.
        target_metrics: rows without a target or a partner.
    """

    schema: RowSchema
    preprocessor: TabularPreprocessor
    arrays: dict[str, Arrays]
    rows: pd.DataFrame
    part: np.ndarray
    test_keys: pd.DataFrame
    split_metrics: dict[str, float]
    target_metrics: dict[str, float]


def prepare_in_parts(
    parts: Mapping[str, Sequence[RawPart]],
    recipe: Recipe,
    workers: PartWorkers,
    place: ShardPlace,
    name: Callable[[RowSchema, Recipe], list[str]],
    leave_out: Choose,
) -> Prepared:
    """Prepare the rows of raw files.

    Args:
        parts: of the raw files by table, the one of the rows first.
        recipe: what is done.
        workers: that do it.
        place: for the shards.
        name: names the features that may be fitted.
        leave_out: names those of them that are not, by a sample of training rows.

    Raises:
        InvalidTableError: a value, a key or a declaration is wrong; of several parts the first one tells.
        EmptySplitError: a part of the split has no rows, or lacks a class.
    """
    schema, parts, total = describe_parts(parts, recipe, workers)
    every = max(1, -(-total // SAMPLE_ROWS))
    share = recipe.split.promotion_share
    kept_share = min(1.0, SAMPLE_ROWS / (share * total)) if share else 1.0
    recipe = replace(recipe, schema=schema, every=every, kept_share=kept_share)
    found, tables = Joiner(recipe, workers, parts).join()
    rows, known = [], []
    for each in found:
        # One behind the other, so that what is made of a part is not yet spilled when it is looked at.
        rows.append(workers.submit(make_rows, each, recipe, tables))
        known.append(workers.submit(find_part_facts, rows[-1], recipe))
    facts: list[PartFacts] = workers.gather(known)
    refuse_repeated(facts, recipe)
    last = max((each.last for each in facts if each.rows), default=None) if facts[0].last is not None else None
    names = name(schema, recipe)
    counts: list[PartCounts] = workers.gather(workers.map(count_part, rows, recipe=recipe, names=names, last=last))
    check_counts(counts, recipe)
    sample = stack_tables([each.kept for each in counts]).reset_index(drop=True)
    part = np.concatenate([each.kept_part for each in counts])
    training = schema.engineer_features(sample[part & PARTS["train"] > 0])
    names = choose_names(names, counts, leave_out, training, schema)
    preprocessor = fit_parts(rows, recipe, workers, names, counts, last)
    written = [
        workers.submit(encoding.write_shard, each, number, recipe, preprocessor, place, last)
        for number, each in enumerate(rows)
    ]
    return Prepared(
        schema,
        preprocessor,
        place.collect(workers.gather(written)),
        sample,
        part,
        number_keys([each.test_keys for each in counts], facts),
        describe_counts(counts, preprocessor),
        describe_targets(facts, total, recipe),
    )


def refuse_repeated(facts: Sequence[PartFacts], recipe: Recipe) -> None:
    """Refuse rows whose values in some columns stand in a row before them.

    Raises:
        InvalidTableError: names the columns and counts the rows.
    """
    unique = recipe.data.tables[recipe.first].unique
    hashes = np.sort(np.concatenate([each.repeated for each in facts]))
    repeated = int((np.diff(hashes) == 0).sum())
    if repeated:
        raise InvalidTableError(
            f"{recipe.file}, column{'s' * (len(unique) > 1)} {' and '.join(unique)}: {repeated} rows have what stands "
            "in another row; keep one row each"
        )


def check_counts(counts: Sequence[PartCounts], recipe: Recipe) -> None:
    """Validate that no part of the split is empty or lacks a class.

    Raises:
        EmptySplitError: names the part and what is missing.
    """
    classes = {name: set().union(*(each.classes[name] for each in counts)) for name in PARTS}
    every = set().union(*classes.values())
    before = {name: sum(each.before[name] for each in counts) for name in PARTS}
    after = {name: sum(each.rows[name] for each in counts) for name in PARTS}
    refuse_emptied(before, after, recipe.split.promotion_share)
    check_parts(classes, every, recipe.labels.task != "regression", recipe.split.has_validation_rows)


def choose_names(
    names: list[str], counts: Sequence[PartCounts], leave_out: Choose, training: pd.DataFrame, schema: RowSchema
) -> list[str]:
    """Leave out days, features that are empty in all training rows, and what is left out by a sample of them."""
    names = [name for name in names if name in counts[0].columns]
    empty = [name for name in names if not any(_known_rows(each.columns[name]) for each in counts)]
    if empty:
        LOGGER.warning("left out, being empty in every training row: %s", ", ".join(empty))
    left = [name for name in names if name not in empty]
    without = leave_out(left, training, schema)
    return [name for name in left if name not in without]


def _known_rows(counted: Any) -> int:  # noqa: ANN401 - counts of either kind
    return counted.rows - counted.missing if isinstance(counted, CategoryCounts) else counted.rows


def fit_parts(
    rows: Sequence[Any],
    recipe: Recipe,
    workers: PartWorkers,
    names: Sequence[str],
    counts: Sequence[PartCounts],
    last: Any,  # noqa: ANN401 - a time, or a number
) -> TabularPreprocessor:
    """Fit the preprocessor on what was counted in all parts."""
    counted = {name: add_columns(name, [each.columns[name] for each in counts]) for name in names}
    fitted = fit_counts(counted, recipe.preprocessing)
    moved = [column for column in fitted.columns if encoding.is_moved(column)]
    if not moved:
        return fitted
    measured = workers.gather(workers.map(encoding.measure_moved, rows, recipe=recipe, columns=moved, last=last))
    exact = {
        column.name: encoding.with_moments(column, reduce(encoding.Moments.add, each))  # type: ignore[arg-type]
        for column, each in zip(moved, zip(*measured, strict=True), strict=True)
    }
    return replace(fitted, columns=[exact.get(column.name, column) for column in fitted.columns])


def add_columns(name: str, counted: Sequence[ColumnCounts]) -> ColumnCounts:
    """Add the counts of a column in all parts.

    Raises:
        InvalidTableError: it is of numbers in some parts and of categories in others, as booleans are without and with
            nulls.
    """
    if len({type(each) for each in counted if _known_rows(each)}) > 1:
        raise InvalidTableError(
            f"column {name} is of numbers or booleans in some parts of its file and of other values or booleans with "
            f"nulls in others: give preprocessing.encoding.{name}=onehot, or =number"
        )
    return add_counts(counted)


def number_keys(keys: Sequence[pd.DataFrame], facts: Sequence[PartFacts]) -> pd.DataFrame:
    """Number the test rows of all parts among all rows."""
    firsts = np.cumsum([0, *(each.rows for each in facts)])
    moved = [each.assign(row=each["row"] + first) for each, first in zip(keys, firsts, strict=False)]
    return stack_tables(moved).reset_index(drop=True)


def describe_counts(counts: Sequence[PartCounts], preprocessor: TabularPreprocessor) -> dict[str, float]:
    """Return the rows of each part and the overlap of keys, as `stages.nodes.describe_split` names them."""
    rows: Counter[str] = Counter()
    for each in counts:
        rows.update(each.rows)
    seen = {}
    for word in counts[0].seen:
        trained = np.unique(np.concatenate([each.seen[word][0] for each in counts]))
        tested, number = (np.concatenate([each.seen[word][place] for each in counts]) for place in (1, 2))
        seen[f"test/seen_{word}_share"] = float(number[np.isin(tested, trained)].sum() / number.sum())
    described = {f"data/{name}_rows": float(rows[name]) for name in (*PARTS, "promotion", "unused")}
    return {**described, "data/features": float(preprocessor.feature_count), "data/shards": float(len(counts)), **seen}


def describe_targets(facts: Sequence[PartFacts], total: int, recipe: Recipe) -> dict[str, float]:
    """Count the rows without a target or a partner, of so many in the file, and say so."""
    missing, kept = (sum(getattr(each, name) for each in facts) for name in ("missing", "rows"))
    told = describe_missing_target(missing, kept + missing, recipe.data, recipe.labels.target, recipe.file)
    if told:
        LOGGER.warning(told)
    return {"data/target_missing_rows": float(missing), "data/unmatched_rows": float(total - kept - missing)}
