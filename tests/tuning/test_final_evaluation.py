"""What the networks of a study's final evaluation are trained on where threshold or weights are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.baselines.settings import reference_parameters

from casebook.baselines.gradient_boosting import fit_reference, predict_reference
from casebook.evaluation.prediction import predict
from casebook.evaluation.thresholds import ThresholdRule
from casebook.models.network_ensemble import list_networks, list_weights, name_networks
from casebook.training.cross_validation import Split, split_off_validation_rows
from casebook.training.trainer import train_network
from casebook.tuning import final_evaluation

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor


@pytest.mark.parametrize(("rule", "learnt"), [(0.5, 100), ("f1", 90)])
def test_a_tenth_of_the_rows_chooses_a_threshold_and_is_not_learnt_from(
    training: Callable[..., TrainingParameters], monkeypatch: pytest.MonkeyPatch, rule: float | str, learnt: int
) -> None:
    seen: list[Any] = []

    def train(rows: Any, validation: Any, *_: object) -> tuple[str, None]:  # noqa: ANN401
        assert len(validation["target"]) == 0
        seen.append(rows["number"])
        return "network", None

    monkeypatch.setattr("casebook.training.ensemble.train_network", train)
    monkeypatch.setattr("casebook.evaluation.prediction.predict", lambda _network, rows: rows["number"] / 100)
    rows = {"number": np.arange(100), "target": (np.arange(100) >= 60).astype(np.uint8)}
    split: Any = Split(rows, rows, None)  # type: ignore[arg-type]
    network, threshold = final_evaluation._train(split, training(), {}, "binary", ThresholdRule(rule), 3)
    assert network == "network"
    assert len(seen[0]) == learnt
    if rule == "f1":
        held = np.setdiff1d(np.arange(100), seen[0])
        middle = (held[held < 60].max() + held[held >= 60].min()) / 200
        assert threshold == pytest.approx(middle)
    else:
        assert threshold == 0.5


def test_winner_and_default_are_the_ensemble_of_a_run_whose_weights_a_tenth_chooses(
    training: Callable[..., TrainingParameters], learnable: tuple[TabularPreprocessor, Arrays, Arrays]
) -> None:
    preprocessor, rows, held_out = learnable
    split = Split(rows, held_out, preprocessor)
    reference = reference_parameters(refit=True).model_dump(mode="json")
    found: dict[bool, Any] = {}
    for beside in (False, True):
        settings = training(ensemble={"networks": 1, "reference": beside})
        found[beside], _ = final_evaluation._train(split, settings, reference, "binary", ThresholdRule(), 3)
    assert [name_networks(each) for each in found.values()] == [["network_1"], ["network_1", "boosted_trees"]]
    assert sum(list_weights(found[True])) == pytest.approx(1)
    train, validation = split_off_validation_rows(rows, training(seed=3, ensemble={"reference": True}), ThresholdRule())
    assert len(validation["target"]) == 40
    expected, _ = train_network(train, validation, preprocessor, training(seed=3))
    first, trees = list_networks(found[True])
    np.testing.assert_array_equal(predict(first, held_out), predict(expected, held_out))
    fitted = fit_reference(train, validation, preprocessor, reference_parameters())
    np.testing.assert_allclose(predict(trees, held_out), predict_reference(fitted, held_out)[:, 1], rtol=1e-6)
