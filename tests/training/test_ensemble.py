"""Ensembles of networks: their seeds, their runs, and weights that validation rows choose."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.baselines.settings import reference_parameters

from casebook.baselines.gradient_boosting import fit_reference, predict_reference
from casebook.evaluation.prediction import predict
from casebook.models.network_ensemble import list_networks, list_weights, name_networks
from casebook.preprocessing.arrays import without_rows
from casebook.training.ensemble import make_loss_of_mean, select_members, train_ensemble, weigh_networks
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.config.schema import BoostedTreesParameters, TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Training = Callable[..., TrainingParameters]
    Learnable = tuple[TabularPreprocessor, Arrays, Arrays]
    Fit = Callable[[], BoostedTrees]


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


def fitting(
    train: Arrays, validation: Arrays, preprocessor: TabularPreprocessor, reference: BoostedTreesParameters
) -> Fit:
    return lambda: fit_reference(train, validation, preprocessor, reference)


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


@pytest.mark.parametrize("refit", [False, True])
def test_without_validation_rows_all_count_alike(learnable: Learnable, training: Training, refit: bool) -> None:
    preprocessor, rows, validation = learnable
    settings = training(ensemble={"networks": 2, "reference": True}, refit=refit)
    held_out = without_rows(validation)
    trees = fitting(rows, held_out, preprocessor, reference_parameters(refit=refit))
    combined, _ = train_ensemble(rows, held_out, preprocessor, settings, (), Monitor(), trees)
    assert list_weights(combined) == [1 / 3] * 3


def test_members_that_learn_from_the_validation_rows_in_a_refit_are_weighed_before(
    learnable: Learnable, training: Training
) -> None:
    preprocessor, rows, validation = learnable
    found = {}
    for refit in (False, True):
        settings = training(ensemble={"networks": 2, "reference": True}, refit=refit)
        reference = reference_parameters(refit=refit)
        fit_trees = fitting(rows, validation, preprocessor, reference)
        found[refit], _ = train_ensemble(rows, validation, preprocessor, settings, (), Monitor(), fit_trees)
        network, _ = train_network(rows, validation, preprocessor, settings, (), refit)
        trees = predict_reference(fit_reference(rows, validation, preprocessor, reference), validation)[:, 1]
        members = list_networks(found[refit])
        np.testing.assert_array_equal(predict(members[0], validation), predict(network, validation))
        np.testing.assert_allclose(predict(members[2], validation), trees, rtol=1e-6)
    assert list_weights(found[True]) == list_weights(found[False]) != [1 / 3] * 3


def test_the_references_trees_are_weighed_with_the_networks_on_validation_rows(
    learnable: Learnable, training: Training
) -> None:
    preprocessor, rows, validation = learnable
    settings, reference = training(ensemble={"networks": 2, "reference": True}), reference_parameters()
    fit_trees = fitting(rows, validation, preprocessor, reference)
    combined, _ = train_ensemble(rows, validation, preprocessor, settings, (), Monitor(), fit_trees)
    assert name_networks(combined) == ["network_1", "network_2", "boosted_trees"]
    *networks, trees = [predict(member, validation) for member in list_networks(combined)]
    expected = predict_reference(fit_reference(rows, validation, preprocessor, reference), validation)[:, 1]
    np.testing.assert_allclose(trees, expected, rtol=1e-6)
    for seed, outputs in zip((1, 2), networks, strict=True):
        alone, _ = train_network(rows, validation, preprocessor, training(seed=seed))
        np.testing.assert_array_equal(outputs, predict(alone, validation))
    chosen = weigh_networks([*networks, trees], validation, make_loss_of_mean("binary", settings))
    assert list_weights(combined) == pytest.approx(chosen.tolist())
    # Two epochs teach networks little here, and trees need a product of two columns.
    assert chosen[2] > 0.5
    np.testing.assert_allclose(
        predict(combined, validation), np.average([*networks, trees], axis=0, weights=chosen), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("output", "given", "target_scale"),
    [("softmax", {}, "none"), ("linear", {"loss": "mae", "metrics": [], "target_scale": "log"}, "log")],
)
def test_classes_and_numbers_are_averaged_in_their_own_units(
    learnable: Learnable, training: Training, output: str, given: dict[str, Any], target_scale: str
) -> None:
    preprocessor, *parts = learnable
    given = given or {"loss": "sparse_categorical_crossentropy", "metrics": []}
    train, validation = ({**part, "target": _make_target(part["numbers"].sum(axis=1), output)} for part in parts)
    settings = training(ensemble={"reference": True}, network={"hidden": [4], "output": output}, **given)
    reference = reference_parameters(target_scale=target_scale)
    fit_trees = fitting(train, validation, preprocessor, reference)
    combined, _ = train_ensemble(train, validation, preprocessor, settings, (), Monitor(), fit_trees)
    network, _ = train_network(train, validation, preprocessor, settings)
    trees = predict_reference(fit_reference(train, validation, preprocessor, reference), validation)
    weights = list_weights(combined)
    expected = weights[0] * predict(network, validation) + weights[1] * trees
    np.testing.assert_allclose(predict(combined, validation), expected, rtol=1e-5)


def _make_target(sums: np.ndarray, output: str) -> np.ndarray:
    return np.exp(sums).astype(np.float32) if output == "linear" else np.digitize(sums, [-1, 1]).astype(np.uint8)
