"""What a trial is judged by, when it is pruned, and which losses are no result."""

from __future__ import annotations

import math
from typing import Any

import optuna
import pandas as pd
import pytest

from casebook.config.schema import EarlyStoppingParameters, NetworkParameters, OptimizerParameters, TrainingParameters
from casebook.training.early_stopping import kept_epoch
from casebook.tuning.leaderboard import find_best
from casebook.tuning.objective import PruningCallback, TrialError


@pytest.fixture
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(direction="maximize", pruner=optuna.pruners.MedianPruner(n_startup_trials=1))
    good = made.ask()
    for epoch in (1, 2):
        good.report(0.9, epoch)
    made.tell(good, 0.9)
    return made


def test_each_epoch_is_reported_by_its_number(study: optuna.Study) -> None:
    trial = study.ask()
    PruningCallback(trial, "val/auc").on_epoch_end(0, {"val_auc": 0.95, "val_loss": 0.3})
    assert study.trials[trial.number].intermediate_values == {1: 0.95}


def test_a_trial_that_lags_behind_is_pruned(study: optuna.Study) -> None:
    with pytest.raises(optuna.TrialPruned, match="after epoch 1"):
        PruningCallback(study.ask(), "val/auc").on_epoch_end(0, {"val_auc": 0.5})


def test_without_a_metric_nothing_is_reported_and_nothing_pruned(study: optuna.Study) -> None:
    trial = study.ask()
    PruningCallback(trial, None).on_epoch_end(0, {"val_auc": 0.1})
    assert study.trials[trial.number].intermediate_values == {}


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_an_error_by_its_name(study: optuna.Study, loss: float) -> None:
    with pytest.raises(TrialError, match=r"train/loss is (nan|inf) after epoch 3"):
        PruningCallback(study.ask(), "val/auc").on_epoch_end(2, {"loss": loss, "val_auc": 0.9})


def test_a_training_that_goes_back_to_its_best_epoch_is_not_failed_and_reports_nothing_of_the_last(
    study: optuna.Study,
) -> None:
    trial = study.ask()
    pruning = PruningCallback(trial, "val/auc", restores_best=True)
    pruning.on_epoch_end(0, {"loss": 0.5, "val_auc": 0.95})
    pruning.on_epoch_end(1, {"loss": math.nan, "val_auc": math.nan})
    assert study.trials[trial.number].intermediate_values == {1: 0.95}


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_trial_whose_value_is_no_finite_number_is_never_the_best(direction: str) -> None:
    searched = optuna.create_study(direction=direction)
    assert find_best(searched) is None
    for value in (math.inf, -math.inf, 0.5, 0.5, math.inf):
        searched.add_trial(optuna.trial.create_trial(value=value))
    best = find_best(searched)
    assert best is not None
    assert best.number == 2


def test_of_two_metrics_the_winner_is_the_finite_one_of_the_front_with_the_best_first() -> None:
    searched = optuna.create_study(directions=["maximize", "minimize"])
    for values in ([math.inf, 1.0], [0.9, 5.0], [0.9, 4.0], [0.8, 1.0]):
        searched.add_trial(optuna.trial.create_trial(values=values))
    best = find_best(searched)
    assert best is not None
    assert best.values == [0.9, 4.0]  # noqa: PD011 - of Optuna


def test_a_metric_that_is_not_measured_is_an_error_that_names_those_that_are(study: optuna.Study) -> None:
    with pytest.raises(TrialError, match=r"val/auc is not among what training measures: train/loss, val/loss"):
        PruningCallback(study.ask(), "val/auc").on_epoch_end(0, {"val_loss": 0.1, "loss": 0.1})


def test_a_metric_that_these_rows_do_not_define_is_an_error_by_its_name(study: optuna.Study) -> None:
    with pytest.raises(TrialError, match="val/auc is not defined on these rows: of one class, or without a target"):
        PruningCallback(study.ask(), "val/auc").on_epoch_end(0, {"loss": 0.5, "val_auc": math.nan})


@pytest.mark.parametrize(
    ("stopping", "kept"),
    [
        ({"patience": 0}, 2),
        ({"patience": 2, "metric": "val/loss", "restore_best": True}, 1),
        ({"patience": 2, "metric": "val/auc", "restore_best": True}, 0),
        ({"patience": 2, "metric": "val/loss", "restore_best": False}, 2),
    ],
)
def test_the_epoch_is_that_whose_weights_the_network_keeps(stopping: dict[str, Any], kept: int) -> None:
    history = pd.DataFrame({"epoch": [1, 2, 3], "val/loss": [0.5, 0.3, 0.4], "val/auc": [0.9, 0.8, 0.85]})
    training = TrainingParameters(
        epochs=3,
        batch_size=8,
        loss="binary_crossentropy",
        metrics=["auc"],
        optimizer=OptimizerParameters(name="adam", learning_rate=0.01),
        network=NetworkParameters(),
        early_stopping=EarlyStoppingParameters(**stopping),
    )
    assert kept_epoch(history, training) == kept
