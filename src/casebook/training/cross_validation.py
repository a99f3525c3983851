"""Cross-validation: what a run trains is trained anew on all folds but one, and scored on that one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from casebook.data.folds import list_folds
from casebook.evaluation.scores import score_baseline, score_network
from casebook.evaluation.thresholds import choose_for_network
from casebook.preprocessing.target_statistics import order_training_rows
from casebook.training.early_stopping import kept_epoch
from casebook.training.ensemble import SilentMonitor, train_ensemble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import keras

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.config.schema import TrainingParameters
    from casebook.data.folds import Fold
    from casebook.evaluation.thresholds import ThresholdRule
    from casebook.preprocessing.arrays import Labels
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays

    # Of training rows and the rows that stop them.
    FitTrees = Callable[["Split"], BoostedTrees]

# Share of a fold's training rows that early stopping, a chosen threshold or the weights of an ensemble use: never rows
# that it is scored on.
VALIDATION_SHARE = 0.1


class FoldMonitor(Protocol):
    """Monitor of cross-validation: a child run for each fold and a line on the console."""

    def fold(self, name: str, tags: Mapping[str, str]) -> AbstractContextManager[Sequence[Any]]:
        """Open a fold; returns the callbacks of its training."""

    def scores(self, metrics: Mapping[str, float]) -> None:
        """Log the scores of the open fold."""


class Split(NamedTuple):
    """Training rows, held-out rows, and the preprocessor of both."""

    train: Arrays
    held_out: Arrays
    preprocessor: Preprocessor


class FoldResult(NamedTuple):
    """The result of a fold: the network, the number of epochs that it kept, and its scores on the fold's rows."""

    network: keras.Model
    epochs: int
    scores: dict[str, float]


def cross_validate(
    table: pd.DataFrame,
    fold_assignments: np.ndarray,
    fit: Callable[[pd.DataFrame], Preprocessor],
    labels: Labels,
    parameters: TrainingParameters,
    rule: ThresholdRule,
    monitor: FoldMonitor,
    fit_trees: FitTrees | None = None,
) -> pd.DataFrame:
    """Train and score a network, or an ensemble, for every fold of every repeat.

    Args:
        table: feature rows with the target.
        fold_assignments: see `folds.assign_split_folds`, shape (rows, repeats).
        fit: fits a preprocessor on the rows that it is given.
        labels: target and task, see `scores.score_predictions`, and weights of rows.
        parameters: the `training` block.
        rule: of the threshold of class 1.
        monitor: is called for each fold.
        fit_trees: fits boosted trees, for an ensemble that has them.

    Returns:
        A row a fold: `repeat`, `fold`, `rows`, and each metric as `<metric>` and `baseline_<metric>`.
    """
    records = []
    for fold in list_folds(fold_assignments):
        tags = {"repeat": str(fold.repeat), "fold": str(fold.number)}
        with monitor.fold(
            f"fold {fold.number}" + (f", repeat {fold.repeat}" if fold_assignments.shape[1] > 1 else ""), tags
        ) as callbacks:
            split = prepare_fold(table, fold, fit, labels)
            network, _, scores = evaluate_fold(split, labels.task, rule, parameters, callbacks, fit_trees)
            plain = score_baseline(network, split.held_out, split.train, labels.task, rule)
            scores |= {f"baseline_{name}": value for name, value in plain.items()}
            monitor.scores(scores)
        counts = {"repeat": fold.repeat, "fold": fold.number, "rows": int(fold.held_out.sum())}
        records.append({**counts, **scores})
    return pd.DataFrame(records)


def prepare_fold(table: pd.DataFrame, fold: Fold, fit: Callable[[pd.DataFrame], Preprocessor], labels: Labels) -> Split:
    """Prepare the rows of a fold and those that it is trained on, by a preprocessor that is fitted on these alone."""
    learnt = table[fold.train]
    preprocessor = fit(learnt)
    train, scored = (labels.attach(preprocessor.prepare(rows), rows) for rows in (learnt, table[fold.held_out]))
    return Split(order_training_rows(train, table, preprocessor, fold.train), scored, preprocessor)


def evaluate_fold(
    split: Split,
    task: str,
    rule: ThresholdRule,
    parameters: TrainingParameters,
    callbacks: Sequence[Any],
    fit_trees: FitTrees | None = None,
) -> FoldResult:
    """Train without a fold's rows and score on them; early stopping, threshold and weights use rows of their own.

    Nothing is refitted on these.
    """
    train, validation = split_off_validation_rows(split.train, parameters, rule)
    own, once = Split(train, validation, split.preprocessor), parameters.model_copy(update={"refit": False})
    network, history = train_members(own, once, callbacks, fit_trees)
    scores = score_network(network, split.held_out, task, choose_for_network(rule, network, validation, task))
    return FoldResult(network, kept_epoch(history, parameters) + 1, scores)


def train_members(
    split: Split, parameters: TrainingParameters, callbacks: Sequence[Any], fit_trees: FitTrees | None
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network or an ensemble, whose further networks have no run of their own; see `train_ensemble`."""
    trees = None if fit_trees is None else partial(fit_trees, split)
    return train_ensemble(*split, parameters, callbacks, SilentMonitor(), trees)


def split_off_validation_rows(
    rows: Arrays, parameters: TrainingParameters, rule: ThresholdRule
) -> tuple[Arrays, Arrays]:
    """Split off training rows that stop a training early, or that a threshold or weights of members are chosen on.

    Args:
        rows: prepared rows with `target`.
        parameters: `seed` draws the rows, `early_stopping.patience` 0 stops nothing, `ensemble` says what is weighed.
        rule: of the threshold.

    Returns:
        The rows that are left for training, and those split off: 10 %, none where nothing needs them.
    """
    count = len(rows["target"])
    needed = parameters.early_stopping.patience or rule.is_chosen or parameters.ensemble.has_weights
    held = round(count * VALIDATION_SHARE) if needed else 0
    order = np.random.default_rng(parameters.seed).permutation(count)
    parts = (np.sort(order[held:]), np.sort(order[:held]))
    train, validation = ({name: values[part] for name, values in rows.items()} for part in parts)
    return train, validation


def summarise_folds(scores: pd.DataFrame) -> dict[str, float]:
    """Compute mean, variance and deviation over the folds.

    Returns:
        `folds/<metric>_mean`, `folds/<metric>_variance` and `folds/<metric>_std` (of the population), likewise of the
        baseline; nothing without folds.
    """
    found: dict[str, float] = {}
    for name in scores.columns.difference(["repeat", "fold", "rows"], sort=False):
        values = scores[name].to_numpy(np.float64)
        found |= {
            f"folds/{name}_mean": float(values.mean()),
            f"folds/{name}_variance": float(values.var()),
            f"folds/{name}_std": float(values.std()),
        }
    return found
