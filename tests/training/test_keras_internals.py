"""What the compiled loop leans on in Keras, and the training by `fit` where it is no longer there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.preprocessing.arrays import without_rows
from casebook.training.checkpoints import Checkpoint, TrainingCheckpoint
from casebook.training.trainer import build_initial_network, compile_network, train_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

start_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from casebook.training import keras_internals, optimizers  # noqa: E402
from casebook.training.keras_internals import find_changed_internals  # noqa: E402


@pytest.fixture
def make_network(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays], training: Callable[..., TrainingParameters]
) -> Callable[[str], keras.Model]:
    def make(optimizer: str) -> keras.Model:
        parameters = training(optimizer={"name": optimizer, "learning_rate": 0.01})
        network = build_initial_network(learnable[1], learnable[0], parameters)
        compile_network(network, parameters, 1)
        return network

    return make


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "nadam"])
def test_the_installed_keras_is_as_the_compiled_loop_needs_it(
    make_network: Callable[[str], keras.Model], optimizer: str
) -> None:
    changed = find_changed_internals(make_network(optimizer))
    assert not changed, (
        f"Keras {keras.__version__} has changed what training/compiled_loop.py and training/optimizers.py lean on, so "
        f"that trainings go through Model.fit, which is slower: {'; '.join(changed)}"
    )


def new_update_step(self: Any, gradient: Any, variable: Any, rate: Any) -> None:  # noqa: ANN401
    raise NotImplementedError


def new_compute_loss(self: Any, x: Any = None, y: Any = None, outputs: Any = None) -> None:  # noqa: ANN401
    raise NotImplementedError


CHANGES: list[tuple[Any, str, Any, str]] = [
    (
        keras.optimizers.Adam,
        "update_step",
        new_update_step,
        "Adam.update_step no longer has the arguments learning_rate; it has gradient, variable, rate",
    ),
    (
        keras.Model,
        "compute_loss",
        new_compute_loss,
        "Model.compute_loss no longer has the arguments y_pred, sample_weight, training; it has x, y, outputs",
    ),
    (
        keras.Model,
        "metrics",
        [],
        "Model.metrics of a compiled model no longer holds the mean loss under the name 'loss'",
    ),
    (keras.Model, "test_step", None, "Model.test_step is gone"),
    (keras.optimizers.Adam, "scale_loss", None, "Optimizer.scale_loss is gone"),
    (keras.optimizers.Adam, "learning_rate", 0.1, "Adam.learning_rate is no longer a property that can be set"),
    (keras.optimizers.Adam, "_get_variable_index", None, "Adam._get_variable_index is gone"),
    (
        keras.optimizers.Adam,
        "_get_variable_index",
        lambda *_: 7,
        "Adam._get_variable_index no longer counts the trainable variables in their order",
    ),
    (tf, "raw_ops", object(), "tf.raw_ops.ResourceApplyAdam is gone"),
]


@pytest.mark.parametrize(("owner", "name", "value", "sentence"), CHANGES)
def test_a_part_that_has_changed_is_named(
    make_network: Callable[[str], keras.Model],
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,  # noqa: ANN401
    name: str,
    value: Any,  # noqa: ANN401
    sentence: str,
) -> None:
    network = make_network("adam")
    monkeypatch.setattr(owner, name, value, raising=False)
    assert find_changed_internals(network) == [sentence]


@pytest.mark.parametrize("name", ["_momentums", "_velocities"])
def test_moments_that_lie_elsewhere_are_named(make_network: Callable[[str], keras.Model], name: str) -> None:
    network = make_network("adam")
    assert find_changed_internals(network) == []
    delattr(network.optimizer, name)
    expected = f"Adam.{name} is no longer a list of a variable for each trainable variable"
    assert find_changed_internals(network) == [expected]


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Keras's optimisers have lost a part that the compiled loop needs."""
    monkeypatch.setattr(keras_internals, "find_changed_internals", lambda _: ["Optimizer.scale_loss is gone"])


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("ensemble_size", [1, 3])
def test_the_training_by_fit_learns_and_says_why_it_is_used(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays],
    training: Callable[..., TrainingParameters],
    caplog: pytest.LogCaptureFixture,
    ensemble_size: int,
) -> None:
    preprocessor, train, validation = learnable
    batches: list[int] = []
    rest = {"network": {"hidden": [24], "ensemble_size": ensemble_size}, "metrics": ["accuracy", "auc"]}
    parameters = training(epochs=12, optimizer={"name": "adam", "learning_rate": 0.02}, batch_size=10, **rest)
    counted = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, **_: batches.append(batch))
    with caplog.at_level(logging.WARNING):
        _, history = train_network(train, validation, preprocessor, parameters, [counted])
    assert "Optimizer.scale_loss is gone. Training goes through Model.fit, which is slower." in caplog.text
    assert sorted(history.columns) == sorted(
        ["epoch", *(f"{part}/{name}" for part in ("train", "val") for name in ("accuracy", "auc", "loss"))]
    )
    assert history["val/auc"].iloc[-1] > 0.8
    # 400 rows in batches of 10, each reported by itself.
    assert batches == list(range(40)) * 12


def test_both_loops_agree_but_for_rounding(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays],
    training: Callable[..., TrainingParameters],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Batches of equal size and no dropout leave nothing in which they may differ."""
    preprocessor, train, validation = learnable
    parameters = training(epochs=2, batch_size=40, metrics=["accuracy"])
    compiled, history = train_network(train, validation, preprocessor, parameters)
    monkeypatch.setattr(keras_internals, "find_changed_internals", lambda _: ["everything"])
    fitted, other = train_network(train, validation, preprocessor, parameters)
    for first, second in zip(compiled.get_weights(), fitted.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-5)
    for name in ("train/loss", "val/loss", "val/accuracy"):
        np.testing.assert_allclose(history[name], other[name], rtol=1e-4)
    assert not isinstance(fitted.optimizer, optimizers.FusedUpdate)


class BrokenOffError(Exception):
    pass


@pytest.mark.usefixtures("changed")
def test_the_training_by_fit_stops_early_and_resumes(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays], training: Callable[..., TrainingParameters], tmp_path: Path
) -> None:
    preprocessor, *parts = learnable
    train, validation = ({name: values[:60] for name, values in part.items()} for part in parts)
    options = {"network": {"hidden": [16], "dropout": 0.2}, "optimizer": {"name": "adamw", "learning_rate": 0.1}}
    stopping = {"metric": "val/loss", "patience": 2, "restore_best": True}
    parameters = training(epochs=30, early_stopping=stopping, **options)
    whole, history = train_network(train, validation, preprocessor, parameters)
    assert len(history) == history["val/loss"].idxmin() + 3 < 30

    def break_off(epoch: int, _: object = None) -> None:
        if epoch == 2:
            raise BrokenOffError

    given = train, validation, preprocessor, parameters
    checkpoint = TrainingCheckpoint(Checkpoint(tmp_path / "checkpoint.bin", "run"))
    with pytest.raises(BrokenOffError):
        train_network(*given, [keras.callbacks.LambdaCallback(on_epoch_begin=break_off), checkpoint])
    begun: list[int] = []
    counted = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: begun.append(epoch))
    resumed, same = train_network(*given, [counted, checkpoint])
    assert begun[0] == 2
    np.testing.assert_allclose(same.to_numpy(float), history.to_numpy(float), rtol=1e-4)
    for first, second in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("changed")
def test_the_training_by_fit_does_without_validation_rows(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays], training: Callable[..., TrainingParameters]
) -> None:
    preprocessor, train, _ = learnable
    _, history = train_network(train, without_rows(train), preprocessor, training(epochs=1, metrics=[]))
    assert list(history.columns) == ["epoch", "train/loss"]
