import math

import numpy as np
import pytest

from casebook.config.schema import EarlyStoppingParameters
from casebook.training.early_stopping import EarlyStopping

PARAMETERS = {"metric": "val/loss", "patience": 2, "restore_best": True}


def follow(values: list[float], **parameters: object) -> tuple[int, EarlyStopping]:
    """Hear of epochs until it is time to stop -> how many were heard, the state."""
    stopping = EarlyStopping(EarlyStoppingParameters(**{**PARAMETERS, **parameters}))
    metric = stopping.parameters.metric
    for epoch, value in enumerate(values, 1):
        if stopping.update({metric: value}, lambda epoch=epoch: [np.array(epoch)]):
            return epoch, stopping
    return 0, stopping


@pytest.mark.parametrize(
    ("metric", "values", "stopped", "best"),
    [
        ("val/loss", [3, 2, 2.5, 1, 1.5, 1.1, 0.5], 6, 4),
        ("val/loss", [3, 2, 1], 0, 3),
        ("val/loss", [1, 1, 1], 3, 1),
        ("val/auc", [0.5, 0.7, 0.6, 0.7], 4, 2),
        ("val/accuracy", [0.9, 0.8, 0.91, 0.8], 0, 3),
        ("train/loss", [1, math.nan, 2], 2, 1),
    ],
)
def test_training_stops_when_nothing_got_better_for_as_long_as_patience_lasts(
    metric: str, values: list[float], stopped: int, best: int
) -> None:
    heard, stopping = follow(values, metric=metric)
    assert heard == stopped
    assert [int(weight) for weight in stopping.weights] == [best]
    assert stopping.best == values[best - 1]


def test_the_rule_is_that_of_keras() -> None:
    from types import SimpleNamespace

    from keras.callbacks import EarlyStopping as KerasEarlyStopping

    generator = np.random.default_rng(1)
    for patience in (1, 2, 3):
        for _ in range(20):
            values = generator.integers(0, 9, 12).tolist()
            theirs = KerasEarlyStopping("val_loss", mode="min", patience=patience)
            model = SimpleNamespace(stop_training=False)
            theirs.set_model(model)
            theirs.on_train_begin()
            stopped = 0
            for epoch, value in enumerate(values):
                theirs.on_epoch_end(epoch, {"val_loss": value})
                if model.stop_training:
                    stopped = epoch + 1
                    break
            assert follow(values, patience=patience)[0] == stopped


def test_without_patience_nothing_stops_and_nothing_is_kept() -> None:
    heard, stopping = follow([1, 2, 3, 4], patience=0)
    assert (heard, stopping.best, stopping.weights) == (0, None, [])


def test_weights_are_kept_only_where_they_are_to_come_back() -> None:
    assert follow([1, 2, 3], restore_best=False)[1].weights == []


def test_a_state_taken_up_again_goes_on_as_if_nothing_had_been() -> None:
    _, stopping = follow([3, 2, 2.5])
    again = EarlyStopping(stopping.parameters)
    again.restore(stopping.describe(), stopping.weights)
    assert again == stopping
    assert again.update({"val/loss": 2.5}, list)
