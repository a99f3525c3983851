"""Outputs of networks and references by the names and forms of their task."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import TrainingParameters
from casebook.evaluation.prediction import predict
from casebook.inference.predictions import (
    class_probability,
    frame_predictions,
    insert_class,
    name_outputs,
    read_predictions,
    task_of,
)
from casebook.models.networks import task_of_network
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor
from casebook.training.trainer import train_network

Learnable = tuple[TabularPreprocessor, Arrays, Arrays]
SHARES = np.array([[0.25, 0.75], [1.0, 0.0]])
# Task, outputs, the table that they make.
FORMS: list[tuple[str, np.ndarray, dict[str, list[float]]]] = [
    ("binary", np.array([0.25, 0.5]), {"probability": [0.25, 0.5]}),
    ("binary", SHARES, {"probability": [0.75, 0.0]}),
    ("multiclass", SHARES, {"probability_0": [0.25, 1.0], "probability_1": [0.75, 0.0]}),
    ("regression", np.array([-3.5, 8.0]), {"prediction": [-3.5, 8.0]}),
]


@pytest.mark.parametrize(("task", "outputs", "table"), FORMS)
def test_predictions_make_a_table_that_tells_its_task_and_gives_them_back(
    task: str, outputs: np.ndarray, table: dict[str, list[float]]
) -> None:
    kept = outputs.copy()
    actual = np.array([1, 0], dtype=np.uint8)
    frame = frame_predictions(task, outputs, actual)
    pd.testing.assert_frame_equal(frame, pd.DataFrame({**table, "actual": actual}))
    assert task_of(frame) == task
    np.testing.assert_array_equal(read_predictions(frame), class_probability(task, outputs))
    assert list(name_outputs(task, outputs)) == list(table)
    np.testing.assert_array_equal(outputs, kept)


@pytest.mark.parametrize(
    ("task", "outputs", "classes"),
    [
        ("binary", np.array([0.25, 0.5]), [0, 1]),
        ("binary", SHARES, [1, 0]),
        ("multiclass", np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]), [2, 0]),
    ],
)
def test_the_predicted_class_stands_before_the_actual_one(task: str, outputs: np.ndarray, classes: list[int]) -> None:
    frame = frame_predictions(task, outputs, np.array([1, 0]))
    kept = frame.copy()
    shown = insert_class(frame, 0.5)
    assert shown.columns.tolist() == [*frame.columns[:-1], "class", "actual"]
    assert shown["class"].tolist() == classes
    pd.testing.assert_frame_equal(frame, kept)


def test_the_class_follows_the_threshold_and_numbers_have_none() -> None:
    frame = frame_predictions("binary", np.array([0.25, 0.5]), np.array([1, 0]))
    assert insert_class(frame, 0.25)["class"].tolist() == [1, 1]
    assert insert_class(frame, 0.51)["class"].tolist() == [0, 0]
    numbers = frame_predictions("regression", np.array([2.5]), np.array([3.0]))
    assert insert_class(numbers, 0.5).columns.tolist() == ["prediction", "actual"]


def test_two_softmax_outputs_are_a_binary_network_whose_second_is_the_probability(
    learnable: Learnable,
    training: Callable[..., TrainingParameters],
) -> None:
    preprocessor, rows, validation = learnable
    parameters = training(
        loss="sparse_categorical_crossentropy", metrics=["accuracy"], network={"hidden": [8], "output": "softmax"}
    )
    network, history = train_network(rows, validation, preprocessor, parameters)
    outputs = predict(network, validation)
    assert outputs.shape == (200, 2)
    assert task_of_network(network) == "binary"
    frame = frame_predictions("binary", outputs, validation["target"])
    np.testing.assert_array_equal(frame["probability"], outputs[:, 1])
    accuracy = ((frame["probability"] >= 0.5) == frame["actual"]).mean()
    assert history["val/accuracy"].iloc[-1] == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("output", "classes", "task"),
    [("sigmoid", 2, "binary"), ("softmax", 3, "multiclass"), ("softmax", 2, "binary"), ("linear", 2, "regression")],
)
def test_a_networks_task_is_told_by_its_output_and_its_width_by_the_classes(
    learnable: Learnable, training: Callable[..., TrainingParameters], output: str, classes: int, task: str
) -> None:
    from casebook.training.trainer import build_initial_network

    preprocessor, rows, _ = learnable
    rows = {**rows, "target": (np.arange(400) % classes).astype(np.uint8)}
    network = build_initial_network(rows, preprocessor, training(network={"hidden": [], "output": output}))
    assert network.output_shape == (None, classes if output == "softmax" else 1)
    assert task_of_network(network) == task


def test_without_validation_rows_the_curves_are_those_of_training_alone(
    learnable: Learnable,
    training: Callable[..., TrainingParameters],
) -> None:
    preprocessor, rows, _ = learnable
    none = {name: values[:0] for name, values in rows.items()}
    network, history = train_network(rows, none, preprocessor, training())
    assert sorted(history.columns) == ["epoch", "train/accuracy", "train/auc", "train/loss"]
    assert predict(network, none).shape == (0,)
    same, with_validation = train_network(rows, learnable[2], preprocessor, training())
    for column in history.columns:
        np.testing.assert_array_equal(history[column], with_validation[column])
    assert all((a == b).all() for a, b in zip(network.get_weights(), same.get_weights(), strict=True))
