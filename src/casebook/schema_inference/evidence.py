"""How well a single column tells the target, on rows that were not looked at: the evidence that a leak leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebook.schema_inference.types import InferredType
    from casebook.schema_inference.values import ColumnValues

# Fewer rows say nothing that chance could not.
MIN_ROWS = 60
# Up to so many rows each half is held out once.
TWO_HALVES_ROWS = 5_000
TREE_DEPTH = 5
MIN_LEAF_ROWS, LEAF_SHARE = 3, 0.005
MAX_REVERSED_VALUES = 50
# Values of fewer rows each are learnt by heart.
MIN_REVERSED_ROWS = 4
# That hold another value than most, or are null.
MIN_OTHER_ROWS = 10
LARGEST = float(np.finfo(np.float32).max)
SEED = 2018


@dataclass(frozen=True)
class Outcome:
    """The target of the rows that are looked at.

    Attributes:
        targets: float of shape (rows,): numbers, or the places of classes.
        classes: how many there are; 0 for a regression.
    """

    targets: np.ndarray
    classes: int


@dataclass(frozen=True)
class Score:
    """How well a column alone tells the target of held-out rows.

    Attributes:
        strength: R2 of a regression, else the AUC, of several classes each against the rest by its rows.
        skill: share of the errors of always guessing the most frequent class that are avoided; R2 of a regression.
        rank: size of the rank correlation of numbers; 0 where there is none.
    """

    strength: float
    skill: float
    rank: float = 0.0


def score_alone(column: ColumnValues, inferred: InferredType, outcome: Outcome) -> Score | None:
    """Score a column by a shallow tree (numbers, dates) or the average of each category, on held-out rows.

    Args:
        column: of the rows of `outcome`.
        inferred: its type.
        outcome: the target, nowhere null.

    Returns:
        Nothing where there are too few rows, or one value.
    """
    if len(column) < MIN_ROWS or len(np.unique(column.codes)) < 2:
        return None
    numbers = _as_numbers(column, inferred)
    predictions = [(_predict(column, numbers, outcome, train), ~train) for train in _halves(len(column))]
    scores = [_judge(predicted, outcome, held, train=~held) for predicted, held in predictions]
    strength, skill = np.mean(scores, axis=0)
    return Score(float(strength), float(skill), _rank_correlation(numbers, outcome))


def score_reversed(column: ColumnValues, outcome: Outcome) -> float:
    """Score how well the target tells a column of few values: the share of errors that it avoids, on held-out rows."""
    codes = column.codes.astype(np.int64) + 1
    counts = np.bincount(codes)
    few = 1 < np.count_nonzero(counts) <= min(MAX_REVERSED_VALUES, len(codes) // MIN_REVERSED_ROWS)
    if len(column) < MIN_ROWS or not few or len(codes) - counts.max() < MIN_OTHER_ROWS:
        return 0.0
    skills = []
    for train in _halves(len(codes)):
        tree = _tree(outcome.classes == 0, True, int(train.sum())).fit(outcome.targets[train, None], codes[train])
        wrong = (tree.predict(outcome.targets[~train, None]) != codes[~train]).mean()
        guessed_wrong = (codes[~train] != np.bincount(codes[train]).argmax()).mean()
        skills.append(1 - wrong / max(guessed_wrong, 1e-9))
    return float(np.mean(skills))


def score_nulls(nulls: np.ndarray, outcome: Outcome) -> float:
    """Return how far a column's nulls follow the target: the correlation with a class, a value, or the number."""
    if not MIN_OTHER_ROWS <= nulls.sum() <= len(nulls) - MIN_OTHER_ROWS:
        return 0.0
    if outcome.classes:
        return max(abs(_correlate(nulls, outcome.targets == place)) for place in range(outcome.classes))
    values, counts = np.unique(outcome.targets, return_counts=True)
    usual = outcome.targets == values[counts.argmax()]
    same = abs(_correlate(nulls, usual)) if counts.max() >= 0.02 * len(nulls) else 0.0
    return max(same, abs(_correlate(nulls, outcome.targets)))


def _correlate(first: np.ndarray, second: np.ndarray) -> float:
    if np.ptp(first.astype(float)) == 0 or np.ptp(second.astype(float)) == 0:
        return 0.0
    return float(np.corrcoef(first.astype(float), second.astype(float))[0, 1])


def _as_numbers(column: ColumnValues, inferred: InferredType) -> np.ndarray | None:
    """Return numbers by row; none of categories."""
    if inferred.instants is not None:
        return column.by_row(inferred.instants.astype("datetime64[s]").astype(np.float64))
    return read_numbers(column) if inferred.is_number else None


def read_numbers(column: ColumnValues) -> np.ndarray:
    """Return numbers by row, within the range of scikit-learn's trees: float of shape (rows,)."""
    return column.by_row(np.clip(column.parsed_numbers, -LARGEST, LARGEST))


def _halves(rows: int) -> Iterator[np.ndarray]:
    first = np.zeros(rows, dtype=bool)
    first[np.random.default_rng(SEED).permutation(rows)[: rows // 2]] = True
    yield first
    if rows <= TWO_HALVES_ROWS:
        yield ~first


def _tree(deep: bool, classes: bool, rows: int) -> Any:  # noqa: ANN401 - one of scikit-learn's trees
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    leaf = max(MIN_LEAF_ROWS, int(LEAF_SHARE * rows))
    kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
    return kind(max_depth=TREE_DEPTH + 3 * deep, min_samples_leaf=leaf, random_state=SEED)


def _predict(column: ColumnValues, numbers: np.ndarray | None, outcome: Outcome, train: np.ndarray) -> np.ndarray:
    """Predict the held-out rows -> numbers of shape (rows,), or shares of shape (rows, classes)."""
    if numbers is None:
        return _average_by_value(column.codes + 1, outcome, train)
    tree = _tree(False, bool(outcome.classes), int(train.sum())).fit(numbers[train, None], outcome.targets[train])
    if not outcome.classes:
        return np.asarray(tree.predict(numbers[~train, None]))
    shares = np.zeros((int((~train).sum()), outcome.classes))
    shares[:, tree.classes_.astype(int)] = tree.predict_proba(numbers[~train, None])
    return shares


def _average_by_value(codes: np.ndarray, outcome: Outcome, train: np.ndarray) -> np.ndarray:
    """Predict by the average of each category, drawn to that of all rows as by one more row."""
    targets = np.eye(outcome.classes)[outcome.targets.astype(int)] if outcome.classes else outcome.targets[:, None]
    rows = np.bincount(codes[train], minlength=codes.max() + 1)[:, None]
    sums = np.stack(
        [np.bincount(codes[train], target[train], minlength=codes.max() + 1) for target in targets.T], axis=1
    )
    averages: np.ndarray = ((sums + targets[train].mean(axis=0)) / (rows + 1))[codes[~train]]
    return averages if outcome.classes else averages[:, 0]


def _judge(predicted: np.ndarray, outcome: Outcome, held: np.ndarray, train: np.ndarray) -> tuple[float, float]:
    truth = outcome.targets[held]
    if not outcome.classes:
        r2 = 1 - float(np.mean((truth - predicted) ** 2) / max(float(np.var(truth)), 1e-300))
        return r2, r2
    areas, weights = [], []
    for place in range(outcome.classes):
        rows = truth == place
        if 0 < rows.sum() < len(rows):
            areas.append(_area(rows, predicted[:, place]))
            weights.append(rows.mean())
    usual = np.bincount(outcome.targets[train].astype(int)).argmax()
    wrong = float((truth != usual).mean())
    skill = 1 - float((predicted.argmax(axis=1) != truth).mean()) / max(wrong, 1e-9)
    return float(np.average(areas, weights=weights)) if areas else 0.5, skill


def _area(positive: np.ndarray, score: np.ndarray) -> float:
    """Compute the area under the ROC curve from ranks."""
    ranks = pd.Series(score).rank().to_numpy()
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))


def _rank_correlation(numbers: np.ndarray | None, outcome: Outcome) -> float:
    if numbers is None or outcome.classes:
        return 0.0
    known = ~np.isnan(numbers)
    if known.mean() < 0.5 or np.ptp(numbers[known]) == 0:
        return 0.0
    return abs(
        _correlate(pd.Series(numbers[known]).rank().to_numpy(), pd.Series(outcome.targets[known]).rank().to_numpy())
    )
