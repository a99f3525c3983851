"""Ensembles of networks: their seeds, their runs, and weights that validation rows choose."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from casebook.evaluation.prediction import predict
from casebook.models.network_ensemble import list_networks, list_weights
from casebook.preprocessing.arrays import without_rows
from casebook.training.ensemble import make_loss_of_mean, select_members, train_ensemble, weigh_networks
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Training = Callable[..., TrainingParameters]
    Learnable = tuple[TabularPreprocessor, Arrays, Arrays]


class Monitor:
    """Writes down which trainings were opened, and what was kept of them."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, dict[str, str]]] = []
        self.kept_metrics: list[dict[str, float]] = []

    @contextmanager
    def network(self, name: str, tags: Mapping[str, str]) -> Iterator[list[Any]]:
        self.opened.append((name, dict(tags)))
        yield []

    def kept(self, metrics: Mapping[str, float]) -> None:
        self.kept_metrics.append(dict(metrics))


def squared_error(target: np.ndarray, outputs: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average((target - outputs) ** 2, weights=weights))


def test_a_model_is_selected_as_often_as_it_lowers_the_loss_of_the_mean() -> None:
    target = np.zeros(2)
    # The mean of both is 1, of the first selected n times more 3/(n + 2) - 1: at two times more -0.25, at one time 0.
    stacked = np.array([[-1.0, -1.0], [2.0, 2.0]])
    shares = select_members(stacked, target, np.ones(2), squared_error)
    assert shares.tolist() == [2 / 3, 1 / 3]


def test_models_that_are_alike_count_alike() -> None:
    stacked = np.full((4, 3), 0.5)
    assert select_members(stacked, np.ones(3), np.ones(3), squared_error).tolist() == [0.25] * 4


def test_few_rows_prefer_no_network_of_several_that_are_as_good_and_many_prefer_the_better() -> None:
    generator = np.random.default_rng(0)
    for count, spread in ((30, (0.35, 0.65)), (4000, (0.45, 0.55))):
        target = generator.normal(size=count)
        # Two networks of independent errors of the same size.
        alike = [target + generator.normal(size=count) for _ in range(2)]
        weights = weigh_networks(alike, {"target": target}, squared_error)
        assert weights.sum() == pytest.approx(1)
        assert spread[0] < weights[0] < spread[1]
    worse = [target + generator.normal(size=count), target + 3 * generator.normal(size=count)]
    # The least error has the first at 9/10.
    assert weigh_networks(worse, {"target": target}, squared_error)[0] == pytest.approx(0.9, abs=0.03)


def test_rows_that_weigh_more_choose_more() -> None:
    target, first = np.zeros(40), np.repeat([0.0, 1.0], 20)
    weights = np.repeat([1000.0, 1.0], 20)
    chosen = weigh_networks([first, 1 - first], {"target": target, "weight": weights}, squared_error)
    # Once each at first, then the first one in all ten rounds.
    assert chosen[0] == pytest.approx(11 / 12)


@pytest.mark.parametrize(
    ("task", "given", "expected"),
    [
        ("regression", {"loss": "mse", "metrics": []}, 6.5),
        ("regression", {"loss": "mae", "metrics": []}, 2.5),
        # Too low by 2 and by 3, of which 0.9 count.
        ("regression", {"loss": "pinball", "metrics": [], "quantile": 0.9}, 2.25),
        ("binary", {}, -np.log([0.25, 0.5]).mean()),
    ],
)
def test_the_weights_minimise_the_trainings_own_loss(
    training: Training, task: str, given: dict[str, Any], expected: float
) -> None:
    loss = make_loss_of_mean(task, training(**given))
    target, outputs = (
        (np.array([1, 1]), np.array([0.25, 0.5])) if task == "binary" else (np.array([4.0, 6]), np.array([2.0, 3]))
    )
    assert loss(target, outputs, np.ones(2)) == pytest.approx(expected)


def test_one_network_is_what_it_was(learnable: Learnable, training: Training) -> None:
    preprocessor, rows, validation = learnable
    monitor, settings = Monitor(), training()
    network, history = train_ensemble(rows, validation, preprocessor, settings, (), monitor)
    expected, curves = train_network(rows, validation, preprocessor, settings)
    np.testing.assert_array_equal(predict(network, validation), predict(expected, validation))
    assert history.equals(curves)
    assert monitor.opened == []


def test_networks_follow_each_other_from_seed_to_seed_and_the_first_is_that_of_a_run_without(
    learnable: Learnable, training: Training
) -> None:
    preprocessor, rows, validation = learnable
    monitor, settings = Monitor(), training(seed=5, ensemble={"networks": 3})
    combined, history = train_ensemble(rows, validation, preprocessor, settings, (), monitor)
    assert monitor.opened == [
        ("network 2", {"network": "2", "seed": "6"}), ("network 3", {"network": "3", "seed": "7"})
    ]  # fmt: skip
    assert [sorted(kept) for kept in monitor.kept_metrics] == [
        ["train/accuracy", "train/auc", "train/loss", "val/accuracy", "val/auc", "val/loss"]
    ] * 2
    found = [predict(network, validation) for network in list_networks(combined)]
    for seed, outputs in zip((5, 6, 7), found, strict=True):
        expected, curves = train_network(rows, validation, preprocessor, training(seed=seed))
        np.testing.assert_array_equal(outputs, predict(expected, validation))
        if seed == 5:
            assert history.equals(curves)
    weights = list_weights(combined)
    assert sum(weights) == pytest.approx(1)
    np.testing.assert_allclose(predict(combined, validation), np.average(found, axis=0, weights=weights), rtol=1e-5)
    assert weights == pytest.approx(weigh_networks(found, validation, make_loss_of_mean("binary", settings)).tolist())


@pytest.mark.parametrize(("refit", "validated"), [(False, False), (True, True)])
def test_without_rows_that_none_has_learnt_from_all_count_alike(
    learnable: Learnable, training: Training, refit: bool, validated: bool
) -> None:
    preprocessor, rows, validation = learnable
    held_out = validation if validated else without_rows(validation)
    settings = training(ensemble={"networks": 2}, refit=refit)
    combined, _ = train_ensemble(rows, held_out, preprocessor, settings, (), Monitor())
    assert list_weights(combined) == [0.5, 0.5]
