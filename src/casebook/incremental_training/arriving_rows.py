"""Rows that arrive after a model was trained: their split, unknown categories, and a replay of old rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from casebook.column_types.parsing import InvalidTableError
from casebook.data.promotion_holdout import is_promotion_row
from casebook.data.splitting import GIVEN, PROMOTION, TEST, TRAIN, split_keys
from casebook.monitoring.unknown_categories import measure_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from casebook.preprocessing.modality import Preprocessor


class UpdateError(InvalidTableError):
    """New rows that the present model cannot learn from; the message says why and what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows of a case before their preprocessing, all of the same length.

    Attributes:
        raw: joined raw rows with their target.
        features: the feature table of the same rows.
        parts: see `splitting.assign_rows`.
    """

    raw: pd.DataFrame
    features: pd.DataFrame
    parts: np.ndarray

    @classmethod
    def from_datasets(cls, joined_rows: pd.DataFrame, feature_table: pd.DataFrame, parts: pd.DataFrame) -> Rows:
        """Build the rows of a training run from its datasets."""
        return cls(joined_rows, feature_table, parts["part"].to_numpy())

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.parts)

    def take(self, rows: np.ndarray) -> Rows:
        """Select rows by positions or by a boolean mask."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Rows(self.raw.iloc[chosen], self.features.iloc[chosen], self.parts[chosen])


@dataclass(frozen=True)
class SplitBatch:
    """A batch, split into rows to train on, to evaluate on and to promote by.

    Attributes:
        rows: all of it that may be used.
        parts: see `split_arrivals`.
        unknown_share: the largest share of rows of which the preprocessor does not know a category.
    """

    rows: Rows
    parts: np.ndarray
    unknown_share: float

    @property
    def seen(self) -> Rows:
        """Rows to train or to evaluate on."""
        return self.rows.take(self.parts != PROMOTION)

    @cached_property
    def learnt(self) -> Rows:
        """Rows to train on."""
        return self.rows.take(self.parts == TRAIN)

    @cached_property
    def held_out(self) -> Rows:
        """Rows to evaluate on."""
        return self.rows.take(self.parts == TEST)

    def counts(self) -> dict[str, float]:
        """Count the rows by their use."""
        promotion = int((self.parts == PROMOTION).sum())
        return {"rows": len(self.rows), "learnt": len(self.learnt), "held_out": len(self.held_out),
                "promotion": promotion, "unknown_share": self.unknown_share}  # fmt: skip


def split_arrivals(keys: pd.Series, held_back: pd.Series, test_share: float, seed: int, share: float) -> np.ndarray:
    """Split new rows: promotion rows as in every run, test rows by the same hash as in training, the rest to train on.

    Args:
        keys: of the split, of each row: the person, store, ... or a hash of the row.
        held_back: keys of the promotion rows.
        test_share: of the keys, whose rows are only judged on.
        seed: of the case's split, so that a key which was tested on is never learnt from.
        share: of the promotion keys.

    Returns:
        uint8 of shape (rows,): 1 to learn from, 4 to test on, 8 not used.
    """
    tested = split_keys(keys, test_share, 0.0, seed) == TEST
    parts = np.where(is_promotion_row(held_back, share), PROMOTION, np.where(tested, TEST, TRAIN))
    return parts.astype(np.uint8)


def refuse_misfit(
    new: pd.DataFrame, held_out: pd.DataFrame, preprocessor: Preprocessor, most: float, lacking: Sequence[str] = ()
) -> pd.DataFrame:
    """Refuse rows for which the fitted preprocessor is no longer good.

    Args:
        new: feature rows.
        held_out: old feature rows that it was not fitted on: what they hold of unknown categories is usual.
        preprocessor: the champion's.
        most: share of rows beyond the usual one that may have an unknown category.
        lacking: raw columns that earlier rows had and these have not.

    Returns:
        What it does not know and was let pass: see `measure_unknown`, with the `usual` share.

    Raises:
        UpdateError: a feature is missing, or too many rows have a category that it does not know.
    """
    missing = [name for name in preprocessor.column_names if name not in new]
    if missing:
        lost = f"lacks the column {', '.join(lacking)}, and so " if lacking else "has "
        raise UpdateError(f"it {lost}no feature {', '.join(missing)}, which the champion was trained with")
    usual = measure_unknown(held_out, preprocessor).set_index("column")["share"]
    unknown = measure_unknown(new, preprocessor)
    unknown = unknown.assign(usual=unknown["column"].map(usual).fillna(0.0).astype(float))
    for _, line in unknown[unknown["share"] > unknown["usual"] + most].iterrows():
        raise UpdateError(
            f"feature {line['column']}: {line['share']:.1%} of {len(new):,} rows have a category that the champion's "
            f"preprocessing does not know ({line['values']} ...); usual are {line['usual']:.1%}, and "
            f"update.max_unknown_share={most:g} more are allowed"
        )
    return unknown


def sample_replay(trained: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Sample old training rows to be replayed, without replacement.

    Args:
        trained: of each old row, whether it is a training row.
        count: how many; all where there are fewer.
        seed: of the draw.

    Returns:
        Their places, in order.
    """
    rows = np.flatnonzero(trained)
    return np.sort(np.random.default_rng(seed).choice(rows, min(count, len(rows)), replace=False))


def learnable(raw: pd.DataFrame) -> np.ndarray:
    """Return a mask of the rows that may be trained on: all but those of the data set's own test part."""
    if GIVEN not in raw:
        return np.ones(len(raw), dtype=bool)
    return (raw[GIVEN].astype("str") != "test").to_numpy()
