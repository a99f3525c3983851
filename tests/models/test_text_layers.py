"""Layers of networks of texts against values computed by hand, and their twins in NumPy against Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters, TrainingParameters
from casebook.models.networks import build_network, load_network, make_predictor
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork
from casebook.models.numpy_texts import BUCKETS, GRAM_PRIME, find_grams
from casebook.preprocessing.texts import TextPreprocessor
from casebook.training.trainer import build_initial_network

if TYPE_CHECKING:
    from pathlib import Path

    import keras

PREPROCESSOR = TextPreprocessor("review", ["the", "film", "good", "bad"], 5)
TOKENS = np.array([[0, 0, 2, 3, 4], [0, 0, 0, 0, 0], [4, 4, 4, 4, 4], [5, 1, 2, 1, 3]], dtype=np.uint16)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same weights."""
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)


def place(*numbers: int) -> int:
    """The place of an n-gram, one word after the other."""
    found = numbers[0] * GRAM_PRIME % BUCKETS
    for count, number in enumerate(numbers[1:], 1):
        found = (found * GRAM_PRIME + number + count) % BUCKETS
    return found


def build(outputs: int = 1, length: int = 5, **network: object) -> keras.Model:
    preprocessor = TextPreprocessor("review", PREPROCESSOR.words, length)
    parameters = {"hidden": [], "embedding": {"size": 3}, "output": "softmax" if outputs > 1 else "sigmoid", **network}
    return build_network(preprocessor, NetworkParameters.model_validate(parameters), outputs)


def test_ngrams_are_distinct_and_none_begins_with_padding() -> None:
    found = find_grams(TOKENS, 2)
    assert [sorted(set(row.tolist()) - {0}) for row in found] == [
        sorted([place(2), place(3), place(4), place(2, 3), place(3, 4)]),
        [],
        sorted([place(4), place(4, 4)]),
        sorted([place(5), place(1), place(2), place(3), place(5, 1), place(1, 2), place(2, 1), place(1, 3)]),
    ]
    assert np.count_nonzero(found) == 5 + 0 + 2 + 8
    assert find_grams(TOKENS[:, -1:], 3).tolist() == [[place(4)], [0], [place(4)], [place(3)]]


def test_the_wide_part_adds_up_the_scaled_weights_of_distinct_ngrams() -> None:
    wide = build(encoder={"kernel": 1, "wide_words": 2}).get_layer("wide")
    kernel, scales = np.zeros((BUCKETS, 1), np.float32), np.zeros((BUCKETS, 1), np.float32)
    kernel[[place(4), place(4, 4), place(2, 3)], 0] = [1, 10, 100]
    scales[[place(4), place(4, 4), place(2, 3)], 0] = [2, 3, -1]
    wide.kernel.assign(kernel)
    wide.scales.assign(scales)
    np.testing.assert_array_equal(wide(TOKENS).numpy()[:, 0], [2 - 100, 0, 2 + 30, 0])


def test_scales_are_the_log_count_ratios_of_the_classes_of_what_several_training_texts_hold() -> None:
    tokens = np.array([[0, 4], [4, 4], [5, 4], [0, 5], [3, 5]], dtype=np.uint16)
    target = np.array([1, 1, 1, 0, 0], dtype=np.uint8)
    wide = build(length=2, encoder={"kernel": 1, "wide_words": 1}).get_layer("wide")
    wide.adapt(tokens, target)
    scales = wide.scales.numpy()[:, 0]
    # Of class 1 three texts hold 4 and one holds 5, of class 0 two hold 5 and one holds 3; one is added to each count.
    total = np.log((4 + BUCKETS) / (3 + BUCKETS))
    assert scales[place(4)] == pytest.approx(np.log(4 / 1) - total, rel=1e-6)
    assert scales[place(5)] == pytest.approx(np.log(2 / 3) - total, rel=1e-6)
    assert np.flatnonzero(scales).tolist() == sorted([place(4), place(5)])


def test_scales_are_of_the_training_rows_and_of_every_class() -> None:
    generator = np.random.default_rng(0)
    train = {"tokens": generator.integers(1, 6, (40, 5), np.uint16), "target": np.arange(40, dtype=np.uint8) % 3}
    network = {"hidden": [], "output": "softmax", "encoder": {"kernel": 1, "wide_words": 2}}
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": [], "network": network}
    parameters = TrainingParameters.model_validate(settings)
    scales = build_initial_network(train, PREPROCESSOR, parameters).get_layer("wide").scales.numpy()
    grams = [find_grams(train["tokens"][number::3], 2) for number in range(3)]
    held = np.array([(each == place(2)).any(axis=1).sum() for each in grams])
    total = np.array([np.count_nonzero(each) for each in grams])
    inside = (held + 1) / (total + BUCKETS)
    outside = (held.sum() - held + 1) / (total.sum() - total + BUCKETS)
    np.testing.assert_allclose(scales[place(2)], np.log(inside / outside), rtol=1e-5)
    regression = {**train, "target": train["target"].astype(np.float32)}
    settings = {"loss": "mse", "metrics": [], "network": {**network, "output": "linear"}}
    parameters = TrainingParameters.model_validate(settings)
    scales = build_initial_network(regression, PREPROCESSOR, parameters).get_layer("wide").scales.numpy()
    # Place 0 stands for no n-gram.
    assert (scales[0].tolist(), np.unique(scales[1:]).tolist()) == ([0], [1])


def test_ngrams_are_left_out_in_training_alone() -> None:
    wide = build(encoder={"kernel": 1, "wide_words": 1, "wide_dropout": 0.5}).get_layer("wide")
    wide.kernel.assign(np.ones((BUCKETS, 1), np.float32))
    many = np.full((4_000, 5), 3, np.uint16)
    np.testing.assert_array_equal(wide(many).numpy(), 1)
    dropped = wide(many, training=True).numpy()
    # Those that are left weigh more, so that the mean stays.
    assert set(dropped[:, 0].tolist()) == {0, 2}
    assert dropped.mean() == pytest.approx(1, abs=0.06)


def test_first_and_last_words_have_means_of_their_own() -> None:
    network = build(encoder={"kernel": 1, "ends": 2})
    words = network.get_layer("words").get_weights()[0]
    means = network.get_layer("mean_words")(network.get_layer("words")(TOKENS), TOKENS.astype(np.int32)).numpy()
    assert means.shape == (4, 9)
    expected = [words[[2, 3, 4]], words[[2, 3]], words[[3, 4]]]
    np.testing.assert_allclose(means[0], np.concatenate([each.mean(axis=0) for each in expected]), atol=1e-6)
    assert (means[1] == 0).all()
    np.testing.assert_allclose(means[3][6:], words[[1, 3]].mean(axis=0), atol=1e-6)


NETWORKS = [
    {"encoder": {"kernel": 1}},
    {"encoder": {"kernel": 3, "dropout": 0.2}, "embedding": {"size": 3, "dropout": 0.1, "category_dropout": 0.2}},
    {"encoder": {"kernel": 2, "ends": 2, "wide_words": 3, "wide_dropout": 0.3}, "hidden": [4]},
    {"encoder": {"kernel": 1, "ends": 9, "wide_words": 5}},
]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("outputs", [1, 3])
def test_texts_are_served_by_numpy_as_keras_computes_them(
    network: dict[str, object], outputs: int, tmp_path: Path
) -> None:
    model = build(outputs, **network)
    generator = np.random.default_rng(2)
    model.set_weights([generator.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    tokens = np.concatenate([TOKENS, generator.integers(0, 6, (200, 5), np.uint16)])
    expected = make_predictor(model)({"tokens": tokens})
    assert len(np.unique(expected.round(4))) > 100
    found = NumpyNetwork(*describe_network(model))({"tokens": tokens})
    np.testing.assert_allclose(found, expected, atol=1e-5)
    model.save(tmp_path / "network.keras")
    again = load_network(tmp_path / "network.keras")
    np.testing.assert_array_equal(make_predictor(again)({"tokens": tokens}), expected)


def test_the_weights_of_ngrams_are_penalised_as_asked() -> None:
    model = build(encoder={"kernel": 1, "wide_words": 1, "wide_l2": 0.1})
    kernel = np.zeros((BUCKETS, 1), np.float32)
    kernel[[3, 4], 0] = [1, 2]
    model.get_layer("wide").kernel.assign(kernel)
    assert [float(loss) for loss in model.losses] == [pytest.approx(0.1 * 5)]


def test_an_ngram_that_occurs_in_several_texts_learns_from_all_of_them() -> None:
    import tensorflow as tf

    wide = build(encoder={"kernel": 1, "wide_words": 1}).get_layer("wide")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(wide(TOKENS)[:, 0] * [1.0, 2.0, 4.0, 8.0])
    gradient = tape.gradient(total, wide.trainable_weights)[0].numpy()[:, 0]
    found = {number: gradient[place(number)] for number in range(1, 6)}
    assert found == {1: 8, 2: 1 + 8, 3: 1 + 8, 4: 1 + 4, 5: 8}
    assert np.count_nonzero(gradient) == 5


def test_a_wide_part_goes_with_a_single_network() -> None:
    with pytest.raises(ValueError, match="wide_words goes with a single network, not with an ensemble_size of 4"):
        NetworkParameters.model_validate({"ensemble_size": 4, "encoder": {"wide_words": 1}})
