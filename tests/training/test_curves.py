"""Which epoch of a curve is the best, and what is said of points that are no finite numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.config.schema import EarlyStoppingParameters, NetworkParameters, OptimizerParameters, TrainingParameters
from casebook.training.curves import explain_not_finite, find_best
from casebook.training.early_stopping import (
    DivergedError,
    EarlyStopping,
    TrainingError,
    kept_epoch,
    warn_of_divergence,
)

NAN, INF = math.nan, math.inf
POINTS = st.lists(st.sampled_from([0.1, 0.2, 0.3, INF, -INF]), min_size=1, max_size=8)


def make_training(patience: int, metric: str = "val/loss", restore_best: bool = True) -> TrainingParameters:
    return TrainingParameters(
        epochs=9,
        batch_size=8,
        loss="binary_crossentropy",
        metrics=["auc"],
        optimizer=OptimizerParameters(name="adam", learning_rate=0.25),
        network=NetworkParameters(),
        early_stopping=EarlyStoppingParameters(metric=metric, patience=patience, restore_best=restore_best),
    )


def make_history(loss: list[float], auc: list[float] | None = None) -> pd.DataFrame:
    columns = {"epoch": range(1, len(loss) + 1), "train/loss": [0.5] * len(loss), "val/loss": loss}
    return pd.DataFrame({**columns, "val/auc": auc or [0.5] * len(loss)})


@pytest.mark.parametrize(
    ("name", "curve", "best"),
    [
        ("val/loss", [0.5, 0.4, NAN, NAN], 1),
        ("val/loss", [NAN, INF, 0.4, 0.4], 2),
        ("val/auc", [NAN, 0.5, 0.7, 0.7, INF], 2),
        ("val/rmse", [3.0, 1.0, 2.0, -INF], 1),
        ("val/auc", [NAN, NAN], None),
        ("train/loss", [INF], None),
    ],
)
def test_the_best_epoch_is_the_first_of_the_best_finite_points(name: str, curve: list[float], best: int | None) -> None:
    assert find_best(name, np.array(curve)) == best


@given(POINTS, st.sampled_from(["val/loss", "val/auc"]))
def test_early_stopping_keeps_the_weights_of_the_epoch_that_is_called_the_best(curve: list[float], name: str) -> None:
    stopping = EarlyStopping(EarlyStoppingParameters(metric=name, patience=99, restore_best=True))
    for epoch, value in enumerate(curve):
        stopping.update({"train/loss": 0.5, name: value}, lambda epoch=epoch: [np.array(epoch)])
    best = find_best(name, np.array(curve))
    assert [int(weight) for weight in stopping.weights] == ([] if best is None else [best])


def test_the_kept_epoch_is_never_one_without_a_finite_loss() -> None:
    diverged = make_history([0.5, 0.4, NAN, NAN])
    assert kept_epoch(diverged, make_training(2)) == 1
    message = (
        r"training diverged: val/loss is nan in epoch 4, whose weights would be kept; lower "
        r"training.optimizer.learning_rate \(0.25\) or give training.optimizer.clip_norm"
    )
    for training in (make_training(0), make_training(2, restore_best=False)):
        with pytest.raises(DivergedError, match=message):
            kept_epoch(diverged, training)
    with pytest.raises(DivergedError, match="val/loss is inf in epoch 1"):
        kept_epoch(make_history([INF]), make_training(2))
    # The best AUC is of an epoch whose loss is no number: the epoch before is kept.
    assert kept_epoch(make_history([0.5, INF], [0.5, 0.9]), make_training(2, "val/auc")) == 0
    with pytest.raises(DivergedError, match="val/auc is inf in epoch 2"):
        kept_epoch(make_history([0.5, 0.4], [0.5, INF]), make_training(0))


def follow(losses: list[float], patience: int) -> tuple[int, EarlyStopping]:
    """Update the rule by epochs until it stops -> how many there were, the rule."""
    stopping = EarlyStopping(EarlyStoppingParameters(patience=patience, restore_best=patience > 0))
    for epoch, loss in enumerate(losses, 1):
        points = {"train/loss": loss, "val/loss": loss, "val/auc": 0.5}
        if stopping.update(points, lambda epoch=epoch: [np.array(epoch)]):
            return epoch, stopping
    return 0, stopping


@pytest.mark.parametrize("patience", [0, 5])
@pytest.mark.parametrize("point", [NAN, INF, -INF])
def test_a_training_that_diverges_ends_at_once_with_the_weights_of_its_best_epoch(patience: int, point: float) -> None:
    epochs, stopping = follow([0.5, 0.4, point, 0.1], patience)
    assert epochs == 3
    assert [int(weight) for weight in stopping.weights] == ([2] if patience else [])


def test_infinity_in_any_curve_ends_a_training_and_a_metric_that_is_not_defined_does_not() -> None:
    stopping = EarlyStopping(EarlyStoppingParameters())
    assert not stopping.update({"train/loss": 0.5, "val/loss": 0.5, "val/auc": NAN}, list)
    assert stopping.update({"train/loss": 0.5, "val/loss": 0.5, "val/mse": INF}, list)


def test_the_epoch_of_divergence_is_said_when_an_earlier_one_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_divergence(make_history([0.5, 0.4]), 1)
    assert not caplog.messages
    warn_of_divergence(make_history([0.5, 0.4, NAN]), 1)
    assert caplog.messages == [
        "training diverged: val/loss is nan in epoch 3; the weights of epoch 2 are kept",
    ]


def test_a_curve_that_is_not_defined_on_its_rows_cannot_stop_a_training() -> None:
    stopping = EarlyStopping(EarlyStoppingParameters(metric="val/auc", patience=2))
    with pytest.raises(TrainingError, match=r"early_stopping.metric val/auc is not defined on these rows \(of one cl"):
        stopping.update({"train/loss": 0.5, "val/loss": 0.5, "val/auc": NAN}, list)


def test_points_that_are_no_finite_numbers_are_explained() -> None:
    points = {"train/loss": INF, "train/auc": 0.5, "val/loss": NAN, "val/auc": NAN}
    assert explain_not_finite(points, 3) == {
        "train/loss": "train/loss is inf in epoch 3: training diverges",
        "val/loss": "val/loss is nan in epoch 3: training diverges",
        "val/auc": "val/auc is nan in epoch 3: it is not defined on these rows",
    }
