"""Parameters of an estimator as those of a case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from casebook import TabularClassifier, TabularRegressor
from casebook.cases.size_defaults import choose_defaults
from casebook.estimators.settings import LEAVES, choose_settings


def test_what_is_not_said_goes_by_the_number_of_rows_as_in_a_declared_case() -> None:
    settings = choose_settings("TabularRegressor", TabularRegressor().get_params(), 3000, "regression", 7)
    defaults = choose_defaults(3000, "regression")["training"]
    assert (settings.training.epochs, settings.training.batch_size) == (defaults["epochs"], defaults["batch_size"])
    assert settings.training.network.hidden == defaults["network"]["hidden"]
    assert settings.training.network.ensemble_size == defaults["network"]["ensemble_size"]
    assert (settings.training.target_scale, settings.training.loss, settings.training.seed) == ("auto", "mse", 7)


def test_every_name_stands_for_a_leaf_and_further_leaves_go_by_their_dotted_names() -> None:
    said = {
        "epochs": np.int64(3), "batch_size": 8, "learning_rate": np.float32(0.5), "patience": 2, "hidden": (5, 4),
        "dropout": 0.25, "ensemble_size": 2, "piecewise_linear_bins": 3, "scaling": "minmax", "onehot_width": 9,
        "min_frequency": 4, "validation_share": 0.3,
    }  # fmt: skip
    assert set(said) == set(LEAVES)
    model = TabularClassifier(**said, parameters={"training.network.activation": "gelu"})
    settings = choose_settings("TabularClassifier", model.get_params(), 100, "binary", 1)
    training, network = settings.training, settings.training.network
    assert (training.epochs, training.batch_size, training.optimizer.learning_rate) == (3, 8, 0.5)
    assert (training.early_stopping.patience, settings.validation_share) == (2, 0.3)
    assert (network.hidden, network.dropout, network.ensemble_size, network.activation) == ([5, 4], 0.25, 2, "gelu")
    assert (network.piecewise_linear_bins, settings.preprocessing.scaling) == (3, "minmax")
    assert (settings.preprocessing.onehot_width, settings.preprocessing.min_frequency) == (9, 4)


@pytest.mark.parametrize(
    ("task", "said", "told"),
    [
        ("binary", {"training.ensemble.networks": 3}, "training.ensemble is what a run of a case does"),
        ("binary", {"training.time_budget": 5}, "training.time_budget is what a run of a case does"),
        ("binary", {"training.preset": "quick"}, "training.preset is what a run of a case does"),
        ("multiclass", {"preprocessing.encoding": {"town": "ordered_target"}}, "encoding.town: ordered_target is the"),
    ],
)
def test_what_an_estimator_does_not_do_is_refused(task: str, said: dict[str, Any], told: str) -> None:
    model = TabularClassifier(parameters=said)
    with pytest.raises(ValueError, match=told) as refused:
        choose_settings("TabularClassifier", model.get_params(), 100, task, 1)
    assert len(str(refused.value).splitlines()) == 1
