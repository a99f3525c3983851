"""An ensemble of networks that are trained one after the other, and the reference's boosted trees beside them.

Their weights are chosen on validation rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from casebook.baselines.gradient_boosting import load_library
from casebook.baselines.tree_export import tabulate_trees
from casebook.evaluation.intervals import draw_weights
from casebook.evaluation.metrics import find_metric
from casebook.evaluation.prediction import predict
from casebook.models.network_ensemble import build_tree_network, combine_networks
from casebook.models.networks import task_of_network
from casebook.preprocessing.arrays import WEIGHT
from casebook.training.early_stopping import kept_epoch
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import keras
    import pandas as pd

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays
    from casebook.training.cross_validation import Split

    # Of target, predictions, and weights of rows; smaller is better.
    Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], float]

# Beyond the first selection of every network.
ROUNDS_A_NETWORK = 5
# Of the validation rows, of which more than so many would only cost time.
RESAMPLES, MAX_ROWS = 20, 20_000
# What a regression's weights minimise, by its loss; of others the mean absolute error.
METRIC_OF_LOSS = {"mse": "mse", "mape": "mape"}


class NetworkMonitor(Protocol):
    """Monitor of an ensemble: a child run and a line on the console for each network after the first."""

    def network(self, name: str, tags: Mapping[str, str]) -> AbstractContextManager[Sequence[Any]]:
        """Open a network's run; returns the callbacks of its training."""

    def kept(self, metrics: Mapping[str, float]) -> None:
        """Log the points of the open one's curves whose weights are kept."""


class SilentMonitor:
    """Monitor of an ensemble whose further networks have no run of their own, as within a fold."""

    @contextmanager
    def network(self, name: str, tags: Mapping[str, str]) -> Iterator[Sequence[Any]]:  # noqa: ARG002 - the protocol's
        """Open nothing."""
        yield []

    def kept(self, metrics: Mapping[str, float]) -> None:
        """Log nothing."""


class TrainingSession(NetworkMonitor, Protocol):
    """The trainings within a run besides its first network's."""

    def fit_reference(self, split: Split, reference: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of its kind
        """Fit the reference once for its own scores and for the ensemble; see `gradient_boosting.fit_reference`."""

    def search(self, split: Split, training: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
        """Search the training's settings -> the block `training` with those found."""


def train_ensemble(
    train: Arrays,
    validation: Arrays,
    preprocessor: Preprocessor,
    parameters: TrainingParameters,
    callbacks: Sequence[Any],
    monitor: NetworkMonitor,
    fit_trees: Callable[[], BoostedTrees] | None = None,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train as many networks as the parameters ask for, from one seed after the other, and combine them.

    Args:
        train: prepared training rows, see `trainer.train_network`.
        validation: prepared validation rows, which choose the weights, before a refit on them; without any all members
            weigh alike.
        preprocessor: what they were prepared with.
        parameters: the `training` block.
        callbacks: of the first network's training, which alone goes on where a run was broken off.
        monitor: opens a run for each other one.
        fit_trees: fits boosted trees on the same rows, which are a member where the parameters ask for them; called
            once the networks are trained, so that they can be fitted beside them.

    Returns:
        The combined network (the first alone where one is asked for), and the first one's history.
    """
    split = (train, validation, preprocessor)
    if not parameters.ensemble.reference:
        fit_trees = None
    if fit_trees is None and parameters.ensemble.networks == 1:
        return train_network(*split, parameters, callbacks, parameters.refit)
    if fit_trees is not None:
        # Before the networks: where LightGBM cannot be loaded that is told of at once.
        load_library()
    members, outputs, history = _train_networks(split, parameters, callbacks, monitor)
    task = task_of_network(members[0])
    if fit_trees is not None:
        trees = fit_trees()
        if len(validation["target"]):
            outputs.append(predict(_as_network(trees.before_refit or trees, members[0]), validation))
        members.append(_as_network(trees, members[0]))
    weights = np.full(len(members), 1 / len(members))
    if len(validation["target"]):
        weights = weigh_networks(outputs, validation, make_loss_of_mean(task, parameters))
    return combine_networks(members, weights.tolist()), history


def _train_networks(
    split: tuple[Arrays, Arrays, Preprocessor],
    parameters: TrainingParameters,
    callbacks: Sequence[Any],
    monitor: NetworkMonitor,
) -> tuple[list[keras.Model], list[np.ndarray], pd.DataFrame]:
    """Train the networks.

    Returns:
        The networks, what each predicted of the validation rows before it learnt from them (nothing without any), and
        the first one's history.
    """
    validation = split[1]
    outputs: list[np.ndarray] = []

    def judge(network: keras.Model) -> None:
        if len(validation["target"]):
            outputs.append(predict(network, validation))

    network, history = train_network(*split, parameters, callbacks, parameters.refit, judge)
    networks = [network]
    for number in range(2, parameters.ensemble.networks + 1):
        seeded = parameters.model_copy(update={"seed": parameters.seed + number - 1})
        with monitor.network(f"network {number}", {"network": str(number), "seed": str(seeded.seed)}) as own:
            network, curves = train_network(*split, seeded, own, parameters.refit, judge)
            kept = curves.iloc[kept_epoch(curves, seeded)].drop("epoch")
            monitor.kept({str(name): float(value) for name, value in kept.items()})
        networks.append(network)
    return networks, outputs, history


def _as_network(trees: BoostedTrees, network: keras.Model) -> keras.Model:
    return build_tree_network(tabulate_trees(trees, network.output_shape[-1]), network)


def weigh_networks(predictions: Sequence[np.ndarray], rows: Arrays, loss: Loss) -> np.ndarray:
    """Weigh networks by their predictions of held-out rows.

    The selection of `select_members` is repeated on resamples of the rows and its shares are averaged, so that few rows
    cannot prefer one of several networks that are as good.

    Args:
        predictions: of each network, (rows,) or (rows, classes).
        rows: with `target`, and `weight` where rows do not count alike.
        loss: what is minimised.

    Returns:
        float64 of shape (networks,), which add up to 1.
    """
    every = slice(None, None, max(1, len(rows["target"]) // MAX_ROWS))
    target, stacked = rows["target"][every], np.stack(predictions)[:, every]
    weights = rows[WEIGHT][every] if WEIGHT in rows else None
    resamples = draw_weights(np.arange(len(target)), RESAMPLES, weights)
    shares: np.ndarray = np.mean([select_members(stacked, target, drawn, loss) for drawn in resamples], axis=0)
    return shares


def select_members(stacked: np.ndarray, target: np.ndarray, weights: np.ndarray, loss: Loss) -> np.ndarray:
    """Select the members of an ensemble, some of them several times.

    It begins with every model once, then adds the one with which the loss of the mean is lowest, again and again. The
    best of these ensembles is kept, of equal ones the first. Source: ensemble selection with replacement and sorted
    initialisation, Caruana et al., ICML 2004.

    Args:
        stacked: predictions, (models, rows) or (models, rows, classes).
        target: shape (rows,).
        weights: of the rows, shape (rows,).
        loss: what is minimised.

    Returns:
        Shares of the models among all selections, float64 of shape (models,).
    """
    counts, total = np.ones(len(stacked), dtype=np.int64), stacked.sum(axis=0)
    best, lowest = counts.copy(), loss(target, total / len(stacked), weights)
    for _ in range(ROUNDS_A_NETWORK * len(stacked)):
        losses = [loss(target, (total + each) / (counts.sum() + 1), weights) for each in stacked]
        added = int(np.argmin(losses))
        counts[added] += 1
        total = total + stacked[added]
        if losses[added] < lowest:
            best, lowest = counts.copy(), losses[added]
    shares: np.ndarray = best / best.sum()
    return shares


def make_loss_of_mean(task: str, parameters: TrainingParameters) -> Loss:
    """Build what the weights minimise: log loss of classes; of numbers the training's loss, in the target's units."""
    if parameters.loss == "pinball":
        return lambda target, outputs, weights: float(
            np.average(
                np.maximum(parameters.quantile * (e := target - outputs), (parameters.quantile - 1) * e),
                weights=weights,
            )
        )
    name = METRIC_OF_LOSS.get(parameters.loss, "mae") if task == "regression" else "log_loss"
    return find_metric(name, task).score
