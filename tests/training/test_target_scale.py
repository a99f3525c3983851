"""A regression learnt in another scale than the target's own, and judged in the target's."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters, TrainingParameters
from casebook.evaluation.prediction import predict
from casebook.models.networks import build_network, load_network, task_of_network
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, prepare_rows
from casebook.training.trainer import build_initial_network, fit_target_scale, train_network

Training = Callable[..., TrainingParameters]
LINEAR = {"hidden": [4], "activation": "tanh", "output": "linear"}


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    start_tensorflow()
    from casebook.models import layers

    return layers


@pytest.fixture(scope="module")
def sales(fit: Callable[..., TabularPreprocessor]) -> tuple[TabularPreprocessor, Arrays]:
    """Rows whose target lies far from 0 and from 1, nothing below 0."""
    generator = np.random.default_rng(6)
    table = pd.DataFrame({"a": generator.normal(size=120), "b": generator.normal(size=120)})
    target = np.exp(7 + 0.5 * table["a"] - 0.3 * table["b"]).to_numpy(np.float32)
    target[0] = 0
    preprocessor = fit(table)
    return preprocessor, {**prepare_rows(table, preprocessor), "target": target}


def train(
    sales: tuple[TabularPreprocessor, Arrays],
    parameters: TrainingParameters,
    target: np.ndarray,
) -> Any:  # noqa: ANN401
    preprocessor, arrays = sales
    rows = {**arrays, "target": target.astype(np.float32)}
    few = {name: values[:30] for name, values in rows.items()}
    return train_network(rows, few, preprocessor, parameters)


def test_a_targets_scale_is_that_of_the_training_rows() -> None:
    target = np.array([0.0, 3.0, 15.0, 2.0], dtype=np.float32)
    assert fit_target_scale(target, "none") is None
    assert fit_target_scale(target, "standard") == ("standard", 5.0, pytest.approx(np.std([0, 3, 15, 2])))
    logarithms = np.log([1, 4, 16, 3])
    assert fit_target_scale(target, "log") == ("log", pytest.approx(logarithms.mean()), pytest.approx(logarithms.std()))
    assert fit_target_scale(np.full(3, 7.0), "standard") == ("standard", 7.0, 1.0)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ([1, 2, 3, 4], "standard"),
        # Skewed by 1.15: the logarithms deviate by 0.7.
        ([1, 1, 1, 9], "log"),
        # Many zeros beside incomes: the logarithms deviate by 4.4.
        ([0, 0, 0, 30_000], "standard"),
        ([-1, -1, -1, 9], "standard"),
    ],
)
def test_a_skewed_target_is_learnt_in_logarithms_unless_they_are_spread_wide(target: list[float], kind: str) -> None:
    found = fit_target_scale(np.array(target, dtype=np.float32), "auto")
    assert found is not None
    assert found[0] == kind


@settings(max_examples=30)
@given(
    st.sampled_from(["standard", "log"]),
    st.lists(st.floats(0, 50_000, width=32), min_size=1, max_size=20),
    st.floats(0.5, 8),
    st.floats(0.25, 4),
)
def test_a_prediction_is_the_inverse_of_the_scaled_target(
    layers: ModuleType, kind: str, target: list[float], mean: float, deviation: float
) -> None:
    layer = layers.TargetScale(kind, mean, deviation)
    column = np.array(target, np.float32)[:, None]
    back = np.asarray(layer(layer.scale(column)))
    # The logarithm of 1 + target has its last digit at a millionth of the target's size, at most of its tenfold.
    np.testing.assert_allclose(back, column, rtol=3e-5, atol=3e-5)


def test_the_scaled_target_has_mean_0_and_deviation_1(
    layers: ModuleType, sales: tuple[TabularPreprocessor, Arrays]
) -> None:
    target = sales[1]["target"]
    for kind in ("standard", "log"):
        scaled = np.asarray(layers.TargetScale(*fit_target_scale(target, kind)).scale(target))
        assert (scaled.mean(), scaled.std()) == pytest.approx((0, 1), abs=1e-5)


def test_an_output_far_outside_the_scale_stays_finite(layers: ModuleType) -> None:
    layer = layers.TargetScale("log", 8.0, 2.0)
    values = np.asarray(layer(np.array([[-1e6], [1e6]], np.float32)))
    assert np.isfinite(values).all()
    assert values[0, 0] == pytest.approx(-1, abs=1e-3)
    assert np.isfinite(np.asarray(layer.scale(np.array([-5.0, 0.0])))).all()
    assert layer.compute_output_shape((None, 1)) == (None, 1)


@pytest.mark.parametrize("kind", ["standard", "log"])
def test_a_saved_network_predicts_in_the_targets_units_when_loaded(
    sales: tuple[TabularPreprocessor, Arrays], tmp_path: Path, kind: str
) -> None:
    preprocessor, arrays = sales
    scale = fit_target_scale(arrays["target"], kind)
    network = build_network(preprocessor, NetworkParameters.model_validate(LINEAR), 1, scale)
    network.save(tmp_path / "network.keras")
    loaded = load_network(tmp_path / "network.keras")
    outputs = predict(network, arrays)
    np.testing.assert_array_equal(predict(loaded, arrays), outputs)
    assert task_of_network(loaded) == "regression"
    inner = predict(build_without_scale(network), arrays) * scale[2] + scale[1]
    np.testing.assert_allclose(outputs, np.expm1(inner) if kind == "log" else inner, rtol=1e-4)


def build_without_scale(network: Any) -> Any:  # noqa: ANN401
    import keras

    return keras.Model(network.input, network.get_layer("output").output)


@pytest.mark.parametrize("kind", ["standard", "log"])
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_the_loss_is_that_of_the_target_scaled_by_hand_and_the_metrics_are_in_its_units(
    sales: tuple[TabularPreprocessor, Arrays],
    training: Training,
    kind: str,
    loss: str,
) -> None:
    target = sales[1]["target"].astype(np.float64)
    options = {"loss": loss, "metrics": ["mae"], "network": LINEAR, "epochs": 3, "batch_size": 64}
    network, history = train(sales, training(target_scale=kind, **options), target)
    _, mean, deviation = fit_target_scale(target, kind)
    by_hand = ((np.log1p(target) if kind == "log" else target) - mean) / deviation
    other, expected = train(sales, training(**options), by_hand)
    for curve in ("train/loss", "val/loss"):
        np.testing.assert_allclose(history[curve], expected[curve], rtol=1e-4)
    scaled = predict(other, sales[1]) * deviation + mean
    own = predict(network, sales[1])
    np.testing.assert_allclose(own, np.expm1(scaled) if kind == "log" else scaled, rtol=1e-3)
    last = np.abs(own[:30] - target[:30]).mean()
    assert history["val/mae"].iloc[-1] == pytest.approx(last, rel=1e-4)


def test_a_scale_is_measured_on_the_rows_that_the_network_is_trained_on(
    sales: tuple[TabularPreprocessor, Arrays], training: Training
) -> None:
    preprocessor, arrays = sales
    parameters = training(loss="mse", metrics=["mae"], network=LINEAR, target_scale="standard")
    layer = build_initial_network(arrays, preprocessor, parameters).get_layer("target_scale")
    assert (layer.kind, layer.mean) == ("standard", pytest.approx(arrays["target"].mean(dtype=np.float64)))
    plain = build_initial_network(arrays, preprocessor, training(loss="mse", metrics=["mae"], network=LINEAR))
    assert "target_scale" not in [layer.name for layer in plain.layers]
