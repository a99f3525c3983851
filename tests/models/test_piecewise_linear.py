"""Numbers cut into pieces: where the edges lie, what the layer computes, what it makes learnable."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters, TrainingParameters
from casebook.evaluation.prediction import predict
from casebook.models.networks import build_network, load_network
from casebook.models.tabular_inputs import custom_layers
from casebook.preprocessing.tabular import TabularPreprocessor, prepare_rows
from casebook.training.trainer import build_initial_network, train_network

Fit = Callable[..., TabularPreprocessor]
Training = Callable[..., TrainingParameters]


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same weights."""
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)


def test_edges_are_quantiles_of_many_values() -> None:
    values = np.arange(101.0) ** 2
    assert custom_layers().compute_bin_edges(values, 4).tolist() == [0, 625, 2500, 5625, 10_000]


@pytest.mark.parametrize(
    ("values", "edges"), [([3, 1, 3, 1, 7], [1, 3, 7, 7, 7]), ([5.0, 5.0], [5, 5, 5, 5, 5]), ([0, 1], [0, 1, 1, 1, 1])]
)
def test_few_values_are_edges_themselves_and_the_last_is_repeated(values: list[float], edges: list[float]) -> None:
    assert custom_layers().compute_bin_edges(np.array(values), 4).tolist() == edges


def test_quantiles_that_fall_together_make_one_edge() -> None:
    values = np.concatenate([np.zeros(90), np.arange(1, 11)])
    assert custom_layers().compute_bin_edges(values, 4).tolist() == [0, 10, 10, 10, 10]


def test_capped_quantiles_leave_bins_to_the_values_of_few_rows() -> None:
    values = np.concatenate([np.zeros(90), np.arange(1, 11)])
    assert custom_layers().compute_bin_edges(values, 4, capped=True).tolist() == [0, 1, 4, 7, 10]
    # Two heavy values take a bin each; the eight others share the other two.
    values = np.concatenate([np.full(50, 3.0), np.full(40, 6.0), [1, 2, 4, 5, 7, 8, 9, 10]])
    assert custom_layers().compute_bin_edges(values, 4, capped=True).tolist() == [1, 3, 5, 6, 10]


def test_capped_quantiles_of_values_of_a_row_each_are_quantiles() -> None:
    values = np.arange(101.0) ** 2
    assert custom_layers().compute_bin_edges(values, 4, capped=True).tolist() == [0, 625, 2500, 5625, 10_000]


@pytest.mark.parametrize(("edges", "learns"), [("quantiles", False), ("capped_quantiles", True)])
def test_what_a_tenth_of_the_rows_tell_is_learnt_from_capped_quantiles(
    fit: Fit, training: Training, edges: str, learns: bool
) -> None:
    generator = np.random.default_rng(5)
    amount = np.where(generator.random(2_000) < 0.9, 0.0, generator.uniform(1, 9, 2_000))
    table = pd.DataFrame({"amount": amount})
    preprocessor = fit(table)
    rows = {**prepare_rows(table, preprocessor), "target": ((amount > 4) & (amount < 6)).astype(np.uint8)}
    parameters = training(
        epochs=60,
        network={"hidden": [], "piecewise_linear_bins": 8, "piecewise_linear_edges": edges},
        optimizer={"name": "adam", "learning_rate": 0.1},
    )
    network, _ = train_network(rows, rows, preprocessor, parameters)
    found = (predict(network, rows) > 0.5) == rows["target"]
    assert (found[amount > 0].mean() > 0.9) == learns


def test_a_number_is_told_by_how_far_it_has_come_through_each_piece() -> None:
    layer = custom_layers().PiecewiseLinearEncoding(2, 3)
    layer.build((None, 3))
    layer.edges.assign([[0, 1, 3, 7], [-1, 1, 1, 1]])
    features = np.array([[-5, 0, 0.1], [0.5, -1, 0.2], [2, 0.5, 0.3], [3, 1, 0.4], [99, 99, 0.5]], dtype=np.float32)
    expected = [
        [0, 0, 0, 0.5, 0, 0, 0.1],
        [0.5, 0, 0, 0, 0, 0, 0.2],
        [1, 0.5, 0, 0.75, 0, 0, 0.3],
        [1, 1, 0, 1, 0, 0, 0.4],
        [1, 1, 1, 1, 0, 0, 0.5],
    ]
    np.testing.assert_allclose(np.asarray(layer(features)), expected, rtol=1e-6)
    assert layer.compute_output_shape((None, 3)) == (None, 7)
    rebuilt = custom_layers().PiecewiseLinearEncoding.from_config(layer.get_config())
    assert (rebuilt.numbers, rebuilt.piecewise_linear_bins) == (2, 3)


def test_kept_numbers_tell_values_beyond_the_bins_apart_and_stay_within_three_deviations() -> None:
    layer = custom_layers().PiecewiseLinearEncoding(1, 2, keep_numbers=True)
    layer.build((None, 2))
    layer.edges.assign([[-1, 0, 1]])
    found = np.asarray(layer(np.array([[0.5, 7], [3, 7], [4, 7], [-1e6, 7]], dtype=np.float32)))
    np.testing.assert_allclose(found[:, 0], [0.5 / (1 + 1 / 36) ** 0.5, 3 / 2**0.5, 2.4, -3], rtol=1e-6)
    np.testing.assert_allclose(found[:, 1:], [[1, 0.5, 7], [1, 1, 7], [1, 1, 7], [0, 0, 7]], rtol=1e-6)
    assert layer.compute_output_shape((None, 2)) == (None, 4)
    assert custom_layers().PiecewiseLinearEncoding.from_config(layer.get_config()).keep_numbers


def make_table() -> pd.DataFrame:
    generator = np.random.default_rng(4)
    kind = pd.Categorical(generator.choice(["p", "q"], 500))
    return pd.DataFrame({"kind": kind, "amount": generator.lognormal(3, 2, 500), "flag": generator.random(500) < 0.1})


def test_the_edges_follow_from_the_training_rows_in_the_networks_own_scale(fit: Fit, training: Training) -> None:
    table = make_table()
    preprocessor = fit(table)
    rows = {**prepare_rows(table, preprocessor), "target": np.tile([0, 1], 250).astype(np.uint8)}
    network = build_initial_network(rows, preprocessor, training(network={"hidden": [3], "piecewise_linear_bins": 2}))
    edges = network.get_layer("piecewise_linear_bins").edges.numpy()
    amount, flag = (table[name].to_numpy(float) for name in ("amount", "flag"))
    scaled = [(values - values.mean()) / values.std() for values in (amount, flag)]
    np.testing.assert_allclose(edges[0], np.quantile(scaled[0], [0, 0.5, 1]), rtol=1e-5)
    np.testing.assert_allclose(edges[1], [scaled[1].min(), scaled[1].max(), scaled[1].max()], rtol=1e-5)
    # Two numbers of two pieces each, and two categories.
    assert network.get_layer("hidden_1").kernel.shape == (6, 3)
    assert not network.get_layer("piecewise_linear_bins").trainable_weights


def test_without_pieces_or_numbers_the_network_is_the_plain_one(fit: Fit) -> None:
    table = make_table()
    for columns, piecewise_linear_bins in ((["kind", "amount"], 0), (["kind"], 8)):
        network = build_network(
            fit(table[columns]), NetworkParameters(hidden=[3], piecewise_linear_bins=piecewise_linear_bins)
        )
        assert "piecewise_linear_bins" not in [layer.name for layer in network.layers]


def test_a_saved_network_keeps_its_edges(fit: Fit, training: Training, tmp_path: Path) -> None:
    table = make_table()
    preprocessor = fit(table)
    arrays = prepare_rows(table, preprocessor)
    target = {"target": np.tile([0, 1], 250).astype(np.uint8)}
    network = build_initial_network(
        {**arrays, **target}, preprocessor, training(network={"hidden": [3], "piecewise_linear_bins": 8})
    )
    network.save(tmp_path / "network.keras")
    assert predict(load_network(tmp_path / "network.keras"), arrays).tolist() == predict(network, arrays).tolist()


@pytest.mark.parametrize(("piecewise_linear_bins", "learns"), [(0, False), (16, True)])
def test_a_narrow_band_of_one_number_is_learnt_from_pieces_but_not_from_the_whole_number(
    fit: Fit, training: Training, piecewise_linear_bins: int, learns: bool
) -> None:
    table = make_table()[["amount"]]
    rank = table["amount"].rank(pct=True)
    preprocessor = fit(table)
    rows = {**prepare_rows(table, preprocessor), "target": rank.between(0.4, 0.6).to_numpy(np.uint8)}
    parameters = training(
        epochs=40,
        network={"hidden": [], "piecewise_linear_bins": piecewise_linear_bins},
        optimizer={"name": "adam", "learning_rate": 0.3},
    )
    network, _ = train_network(rows, rows, preprocessor, parameters)
    accuracy = ((predict(network, rows) > 0.5) == rows["target"]).mean()
    assert (accuracy > 0.95) == learns
