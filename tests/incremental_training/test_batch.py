"""What a champion learns from new rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.baselines.settings import reference_parameters

from casebook.baselines.gradient_boosting import fit_reference
from casebook.baselines.tree_export import tabulate_trees
from casebook.evaluation.prediction import predict
from casebook.incremental_training.batch import learn_on
from casebook.models.network_ensemble import build_tree_network, combine_networks, list_networks
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor


def test_of_an_ensemble_the_networks_learn_on_and_the_trees_stay(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays], training: Callable[..., TrainingParameters]
) -> None:
    preprocessor, rows, later = learnable
    networks = [train_network(rows, later, preprocessor, training(seed=seed))[0] for seed in (1, 2)]
    trees = fit_reference(rows, later, preprocessor, reference_parameters())
    members = [*networks, build_tree_network(tabulate_trees(trees, 1), networks[0])]
    combined = combine_networks(members, [0.25, 0.25, 0.5])
    before = [predict(member, later) for member in list_networks(combined)]
    learn_on(combined, later, training(epochs=1), ())
    after = [predict(member, later) for member in list_networks(combined)]
    np.testing.assert_array_equal(after[2], before[2])
    assert all(np.abs(now - then).max() > 0.001 for now, then in zip(after[:2], before[:2], strict=True))
    expected = np.average(after, axis=0, weights=[0.25, 0.25, 0.5])
    np.testing.assert_allclose(predict(combined, later), expected, rtol=1e-5)
