"""An ensemble of networks that are trained one after the other, and their weights, chosen on validation rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from casebook.evaluation.metrics import find_metric
from casebook.evaluation.prediction import predict
from casebook.models.network_ensemble import combine_networks
from casebook.models.networks import task_of_network
from casebook.preprocessing.arrays import WEIGHT
from casebook.training.early_stopping import kept_epoch
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import keras
    import pandas as pd

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays

    # Of target, predictions, and weights of rows or None; smaller is better.
    Loss = Callable[[np.ndarray, np.ndarray, np.ndarray | None], float]

# Beyond the first selection of every network; more of them would fit few validation rows too closely.
ROUNDS_A_NETWORK = 5
# What a regression's weights minimise, by its loss; of others the mean absolute error.
METRIC_OF_LOSS = {"mse": "mse", "mape": "mape"}


class NetworkMonitor(Protocol):
    """Monitor of an ensemble: a child run and a line on the console for each network after the first."""

    def network(self, name: str, tags: Mapping[str, str]) -> AbstractContextManager[Sequence[Any]]:
        """Open a network's run; returns the callbacks of its training."""

    def kept(self, metrics: Mapping[str, float]) -> None:
        """Log the points of the open one's curves whose weights are kept."""


def train_ensemble(
    train: Arrays,
    validation: Arrays,
    preprocessor: Preprocessor,
    parameters: TrainingParameters,
    callbacks: Sequence[Any],
    monitor: NetworkMonitor,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train as many networks as the parameters ask for, from one seed after the other, and combine them.

    Args:
        train: prepared training rows, see `trainer.train_network`.
        validation: prepared validation rows, which choose the weights; without any, and where a refit trains on them
            too, all networks weigh alike.
        preprocessor: what they were prepared with.
        parameters: the `training` block.
        callbacks: of the first network's training, which alone goes on where a run was broken off.
        monitor: opens a run for each other one.

    Returns:
        The combined network (the first alone where one is asked for), and the first one's history.
    """
    network, history = train_network(train, validation, preprocessor, parameters, callbacks, parameters.refit)
    networks = [network]
    for number in range(2, parameters.ensemble.networks + 1):
        seeded = parameters.model_copy(update={"seed": parameters.seed + number - 1})
        with monitor.network(f"network {number}", {"network": str(number), "seed": str(seeded.seed)}) as own:
            network, curves = train_network(train, validation, preprocessor, seeded, own, parameters.refit)
            kept = curves.iloc[kept_epoch(curves, seeded)].drop("epoch")
            monitor.kept({str(name): float(value) for name, value in kept.items()})
        networks.append(network)
    if len(networks) == 1:
        return network, history
    weights = np.full(len(networks), 1 / len(networks))
    if len(validation["target"]) and not parameters.refit:
        loss = make_loss_of_mean(task_of_network(network), parameters)
        weights = select_weights([predict(each, validation) for each in networks], validation, loss)
    return combine_networks(networks, weights.tolist()), history


def select_weights(predictions: Sequence[np.ndarray], rows: Arrays, loss: Loss) -> np.ndarray:
    """Select the weights of an ensemble on held-out rows.

    It begins with every model once, then adds the one that lowers the loss of the mean most, again and again; one model
    may be added several times. The best of these ensembles is kept, of equal ones the first. Source: ensemble selection
    with replacement and sorted initialisation, Caruana et al., ICML 2004.

    Args:
        predictions: of each model, (rows,) or (rows, classes).
        rows: with `target`, and `weight` where rows do not count alike.
        loss: what is minimised.

    Returns:
        Shares of the models' selections, float64 of shape (models,), which add up to 1.
    """
    target, weights, stacked = rows["target"], rows.get(WEIGHT), np.stack(predictions)
    counts, total = np.ones(len(stacked), dtype=np.int64), stacked.sum(axis=0)
    best, lowest = counts.copy(), loss(target, total / counts.sum(), weights)
    for _ in range(ROUNDS_A_NETWORK * len(stacked)):
        size = counts.sum() + 1
        losses = [loss(target, (total + each) / size, weights) for each in stacked]
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
