"""Batch scoring block by block: join the lookup table, reject invalid rows, predict the rest."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from casebook.batch_scoring.days import write_days
from casebook.batch_scoring.raw_block import RawBlock, stack_blocks
from casebook.batch_scoring.rejections import tabulate_faults
from casebook.column_types.column_type import InvalidTableError
from casebook.column_types.invalid_values import InvalidValue, find_invalid_values
from casebook.data.joins import LookupTable, come_joined, write_keys
from casebook.inference.bad_rows import answer_rows
from casebook.monitoring.drift import FEATURE, count_columns
from casebook.monitoring.unknown_categories import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from casebook.cases.registry import NewRows
    from casebook.column_types.kinds import Kind

# Evenly spaced rows of a block that are looked at for a shift: they tell it as well as all, at a part of the cost.
MAX_COUNTED_ROWS = 10_000
# Blocks that are scored at once: NumPy, Arrow and the network let go of the interpreter while they compute.
AHEAD = 2
NAMELESS = "is empty, so that nothing names the row"


class ScoringModel(Protocol):
    """A row model with its columns; see `champion.Champion`."""

    @property
    def case(self) -> str:
        """Name of the registered model."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The raw columns that it takes."""

    @property
    def required(self) -> Sequence[str]:
        """Those that a row must have."""

    @property
    def looks_back(self) -> bool:
        """Whether an answer depends on other rows of the same file."""

    @property
    def profile(self) -> Mapping[str, Any]:
        """Profile of its training rows."""

    @property
    def version(self) -> str:
        """Its number."""

    @property
    def test_scores(self) -> Mapping[str, float]:
        """Scores on its test rows, by metric."""

    def unknown_categories(self, features: pd.DataFrame) -> pd.DataFrame:
        """Count the rows whose category it has no place for; see `monitoring.unknown_categories`."""

    def features(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Engineer the features of raw rows."""

    def answer_features(self, features: pd.DataFrame) -> pd.DataFrame:
        """Predict feature rows."""


@dataclass(frozen=True)
class ScoredBlock:
    """Result of a block.

    Attributes:
        predictions: `row`, `key`, `day` and the answers.
        rejected: `row`, `key`, `column` and `reason`, by row.
        counts: by feature or answer, rows in each place of the training's histogram.
        unknown: rows whose category the model does not know, by feature; see `monitoring.unknown_categories`.
    """

    predictions: pd.DataFrame
    rejected: pd.DataFrame
    counts: dict[str, np.ndarray]
    unknown: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=UNKNOWN))


@dataclass(frozen=True)
class ScoredRows:
    """The blocks of a file, scored lazily: a few at once, never all.

    Attributes:
        blocks: of the file.
        lookup_table: reads and indexes the table of owners; None where there is none.
        model: answers.
        form: of the rows, with the name of the file that is read.
        today: day of rows without one.
        place: where the file lies.
        digest: of its content.
    """

    blocks: Iterable[RawBlock]
    lookup_table: Callable[[], LookupTable | None]
    model: ScoringModel
    form: NewRows
    today: str
    place: str = ""
    digest: str = ""

    def __iter__(self) -> Iterator[ScoredBlock]:
        """Yield the scored blocks in order; the next ones are scored in threads meanwhile."""
        ahead: deque[Future[ScoredBlock]] = deque()
        # The blocks share the cores; matrix products that took all of them for each would wait for each other.
        with (
            ThreadPoolExecutor(AHEAD, thread_name_prefix="blocks") as pool,
            threadpool_limits(1, user_api="blas"),
        ):
            # Read while the first block is.
            lookup_table = pool.submit(self.lookup_table)
            for block in [stack_blocks(self.blocks)] if self.model.looks_back else self.blocks:
                ahead.append(pool.submit(score_block, block, lookup_table.result(), self.model, self.form, self.today))
                if len(ahead) > AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()


def index_lookup_table(lookup_table: pd.DataFrame, form: NewRows, kinds: Mapping[str, Kind]) -> LookupTable:
    """Index the raw lookup table for joining; a key that the model does not take is a text.

    Raises:
        InvalidTableError: the key is missing, stands twice or has another type than `kinds` says.
    """
    if form.join_key not in lookup_table:
        raise InvalidTableError(f"{form.lookup_table} lacks the column {form.join_key}")
    kind = kinds.get(form.join_key, "text")
    return LookupTable.index(lookup_table, form.join_key, form.prefix, form.lookup_table, kind)


def score_block(
    block: RawBlock, lookup_table: LookupTable | None, model: ScoringModel, form: NewRows, today: str
) -> ScoredBlock:
    """Score one block; every row of it is either predicted or rejected."""
    rows, faults = join_lookup_table(block.rows, lookup_table, form)
    keys = _keys(block, form)
    refuse_other_columns(rows, model, form)
    wanted = rows[[name for name in model.kinds if name in rows]]
    faults += find_invalid_values(wanted, model.kinds)
    faults += [InvalidValue(int(row), form.key, NAMELESS) for row in np.flatnonzero(keys.isna())]
    good = wanted[~np.isin(np.arange(len(wanted)), [fault.row for fault in faults])] if faults else wanted
    answers, features, more = _answer(model, good)
    days = (
        write_days(rows[form.day], form.day_kind)
        if form.day in rows
        else pd.Series(today, rows.index, dtype="category")
    )
    places = answers.index.to_numpy(np.intp)
    known = {"key": keys.take(places).array, "day": days.take(places).array}
    found = {str(name): answers[name].to_numpy() for name in answers}
    predictions = pd.DataFrame({"row": block.numbers[places], **known, **found})
    rejected = tabulate_faults([*faults, *more], keys, block.numbers, block.broken)
    counts = count_places(features, answers, model.profile.get("histograms", {}))
    return ScoredBlock(predictions, rejected, counts, model.unknown_categories(features))


def join_lookup_table(
    rows: pd.DataFrame, lookup_table: LookupTable | None, form: NewRows
) -> tuple[pd.DataFrame, list[InvalidValue]]:
    """Join the lookup table to rows; rows without a match are faults.

    Returns:
        The rows with the lookup table's columns, and a fault for each row whose key is not in it.

    Raises:
        InvalidTableError: the rows lack the key, or have some of the lookup table's columns.
    """
    if lookup_table is None or come_joined(rows, lookup_table.columns, form.file, form.lookup_table):
        return rows, []
    if form.join_key not in rows:
        raise InvalidTableError(f"{form.file} lacks the column {form.join_key}")
    keys = rows[form.join_key]
    places = lookup_table.find(keys)
    faults = [
        InvalidValue(int(row), form.join_key, f"{str(keys.iloc[row])!r} is not in {form.lookup_table}")
        for row in np.flatnonzero(places < 0)
    ]
    joined = lookup_table.columns.take(np.maximum(places, 0)).set_axis(rows.index, axis=0)
    return pd.concat([rows, joined], axis=1), faults


def refuse_other_columns(rows: pd.DataFrame, model: ScoringModel, form: NewRows) -> None:
    """Refuse a file that lacks a column that the model needs.

    Raises:
        InvalidTableError: names the columns.
    """
    missing = [name for name in model.required if name not in rows]
    if missing:
        raise InvalidTableError(f"{form.file} lacks {', '.join(missing)}, which the model needs; it has "
                                f"{', '.join(map(str, rows.columns))}")  # fmt: skip


def _keys(block: RawBlock, form: NewRows) -> pd.Series:
    if not form.key:
        return pd.Series(block.numbers).astype("str")
    if form.key not in block.rows:
        there = ", ".join(map(str, block.rows.columns))
        raise InvalidTableError(f"{form.file} lacks the column {form.key}, which names its rows; it has {there}")
    return write_keys(block.rows[form.key])


def _answer(model: ScoringModel, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[InvalidValue]]:
    """Predict rows; return predictions by row, features of the predicted rows, and faults of the others."""
    if rows.empty:
        return pd.DataFrame(), pd.DataFrame(), []
    seen: list[pd.DataFrame] = []

    def answer(some: pd.DataFrame) -> pd.DataFrame:
        seen.append(model.features(some))
        return model.answer_features(seen[-1]).set_axis(some.index, axis=0)

    answers, faults = answer_rows(answer, rows)
    if not faults:
        return answers, seen[-1], []
    return answers, model.features(rows.loc[answers.index]) if len(answers) else pd.DataFrame(), faults


def count_places(features: pd.DataFrame, answers: pd.DataFrame, histograms: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Count rows in each place of the training's histograms of features and answers.

    Returns:
        See `drift.count_columns`; of many rows some, evenly spaced.
    """
    step = max(1, -(-len(answers) // MAX_COUNTED_ROWS))
    looked_at = [features.iloc[::step].add_prefix(FEATURE), answers.iloc[::step]]
    return {name: counts for table in looked_at for name, counts in count_columns(table, histograms).items()}
