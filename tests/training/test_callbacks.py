"""Keras's callbacks in a training: what is called, when, and with which values."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.training.callbacks import CurveCallback, TrainingCallback
from casebook.training.curves import read_curves
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

start_tensorflow()

import keras  # noqa: E402

EPOCHS = 3


@pytest.fixture(scope="module")
def given(
    learnable: tuple[TabularPreprocessor, Arrays, Arrays], training: Callable[..., TrainingParameters]
) -> tuple[Any, ...]:
    preprocessor, *parts = learnable
    train, validation = ({name: values[:40] for name, values in part.items()} for part in parts)
    return train, validation, preprocessor, training(epochs=EPOCHS)


class Order(keras.callbacks.Callback):  # type: ignore[misc]
    """A user's callback that writes down every call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("train begin", logs, self.params["epochs"], self.params["steps"]))

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("train end", sorted(logs)))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("epoch begin", epoch, logs))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("epoch end", epoch, sorted(logs)))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("batch begin", batch, logs))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("batch end", batch, sorted(logs)))

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("test begin", logs))

    def on_test_end(self, logs: Any = None) -> None:  # noqa: ANN401
        self.calls.append(("test end", sorted(logs)))


def test_callbacks_are_called_in_the_order_of_fit(given: tuple[Any, ...]) -> None:
    order = Order()
    network, _ = train_network(*given, [order])
    measured = ["accuracy", "auc", "loss"]
    everything = [*measured, "val_accuracy", "val_auc", "val_loss"]

    def epoch(number: int) -> list[Any]:
        # 40 rows in batches of at most 16 are one of 14 rows and two of 13.
        return [
            ("epoch begin", number, {}),
            ("batch begin", 0, {}), ("batch end", 0, ["loss"]), ("batch begin", 1, {}), ("batch end", 2, ["loss"]),
            ("test begin", {}), ("test end", measured), ("epoch end", number, everything),
        ]  # fmt: skip

    assert order.calls[0] == ("train begin", {}, EPOCHS, 3)
    assert order.calls[1:-1] == [call for number in range(EPOCHS) for call in epoch(number)]
    assert order.calls[-1] == ("train end", everything)
    assert order.model is network


def test_a_csv_logger_and_a_lambda_receive_the_exact_values_of_each_epoch(
    given: tuple[Any, ...], tmp_path: Path
) -> None:
    received: list[tuple[int, dict[str, float]]] = []
    curves: list[tuple[int, dict[str, float]]] = []
    callbacks = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: received.append((epoch, dict(logs)))),
        CurveCallback(lambda number, points: curves.append((number, dict(points)))),
    ]
    _, history = train_network(*given, callbacks)
    names = {"loss": "train/loss", "auc": "train/auc", "accuracy": "train/accuracy"}
    names |= {f"val_{name}": curve.replace("train/", "val/") for name, curve in names.items()}
    expected = [{name: row[curve] for name, curve in names.items()} for _, row in history.iterrows()]
    assert received == list(enumerate(expected))
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [{name: float(row[name]) for name in names} for row in rows] == expected
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert curves == [(int(row["epoch"]), {c: row[c] for c in names.values()}) for _, row in history.iterrows()]


def test_callbacks_change_no_bit_of_a_training(given: tuple[Any, ...]) -> None:
    alone, history = train_network(*given)
    watched, same = train_network(*given, [Order()])
    assert history.equals(same)
    assert all((a == b).all() for a, b in zip(alone.get_weights(), watched.get_weights(), strict=True))


@pytest.mark.parametrize("method", ["on_epoch_end", "on_train_batch_end"])
def test_a_callback_that_sets_stop_training_ends_it_after_that_epoch(given: tuple[Any, ...], method: str) -> None:
    class Stopping(keras.callbacks.Callback):  # type: ignore[misc]
        ended = False

        def on_train_end(self, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            self.ended = True

    def stop(self: Any, number: int, logs: Any = None) -> None:  # noqa: ANN401, ARG001
        if number == (1 if method == "on_epoch_end" else 2):
            self.model.stop_training = True

    setattr(Stopping, method, stop)
    stopping = Stopping()
    _, history = train_network(*given, [stopping])
    # Batch number 2 is the last of the first epoch.
    assert len(history) == (2 if method == "on_epoch_end" else 1)
    assert stopping.ended


def test_a_learning_rate_set_by_a_callback_is_that_of_the_next_steps(given: tuple[Any, ...]) -> None:
    weights: list[list[np.ndarray]] = []

    def keep(*_: object) -> None:
        weights.append([variable.numpy() for variable in rates.model.trainable_variables])

    rates = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch == 0 else 0.0)
    train_network(*given, [rates, keras.callbacks.LambdaCallback(on_epoch_begin=keep, on_train_end=keep)])
    first, second, third, last = ([array.tobytes() for array in arrays] for arrays in weights)
    assert first != second
    assert second == third == last


def test_tensorboard_receives_each_epoch(
    given: tuple[Any, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, list[tuple[int, float]]] = {}
    board = keras.callbacks.TensorBoard(tmp_path, write_graph=False)
    # Its package is no dependency of the project: what it would write is kept here.
    monkeypatch.setattr(
        board.summary, "scalar", lambda name, data, step: written.setdefault(name, []).append((int(step), float(data)))
    )
    _, history = train_network(*given, [board])
    loss, held_out = (list(zip(range(EPOCHS), history[name], strict=True)) for name in ("train/loss", "val/loss"))
    assert written["epoch_loss"] == [point for pair in zip(loss, held_out, strict=True) for point in pair]
    assert {path.name for path in tmp_path.iterdir()} == {"train", "validation"}


def test_a_user_s_callbacks_are_left_out_of_a_refit(given: tuple[Any, ...]) -> None:
    epochs: list[int] = []
    curves: list[set[str]] = []
    theirs = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: epochs.append(epoch))
    train_network(*given, [theirs, CurveCallback(lambda _, points: curves.append(set(points)))], refit=True)
    assert epochs == [0, 1, 2]
    assert curves[-1] == {"refit/loss", "refit/accuracy", "refit/auc"}
    assert len(curves) == 2 * EPOCHS


def test_after_an_error_there_is_no_end_of_training_and_all_of_ours_are_closed(given: tuple[Any, ...]) -> None:
    order, closed = Order(), []

    class Failing(TrainingCallback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            raise KeyError("the disk is full")

    with pytest.raises(KeyError, match="the disk is full"):
        train_network(*given, [order, Failing(), CurveCallback(lambda *_: None, finish=lambda: closed.append(1))])
    assert [call[0] for call in order.calls].count("train end") == 0
    assert closed == [1]


def test_the_project_s_callbacks_can_be_given_to_fit() -> None:
    points: list[tuple[int, set[str]]] = []
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile(loss="mse")
    rows = np.ones((4, 1)), np.ones(4)
    curves = CurveCallback(lambda number, curve: points.append((number, set(curve))), first_epoch=11)
    network.fit(*rows, validation_data=rows, epochs=2, verbose=0, callbacks=[curves, TrainingCallback()])
    assert points == [(11, {"train/loss", "val/loss"}), (12, {"train/loss", "val/loss"})]


def test_the_project_s_callbacks_have_every_method_that_keras_calls() -> None:
    theirs = {name for name in dir(keras.callbacks.Callback) if name.startswith(("on_", "set_"))}
    assert theirs - set(dir(TrainingCallback)) == set()


def test_curves_are_read_in_the_order_of_the_training_s_metrics() -> None:
    logs = {"auc": 0.5, "loss": 0.1, "lr": 1.0, "val_auc": 0.25, "val_loss": 0.2}
    params = {"part": "refit", "metrics": ["loss", "auc", "val_loss", "val_auc"]}
    assert list(read_curves(logs, params).items()) == [
        ("refit/loss", 0.1), ("refit/auc", 0.5), ("val/loss", 0.2), ("val/auc", 0.25), ("refit/lr", 1.0),
    ]  # fmt: skip
    assert read_curves({"loss": 0.1}, {}) == {"train/loss": 0.1}
