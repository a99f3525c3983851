"""The linear references of images and texts."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from casebook.baselines.linear import draw_rows, fit_logistic_images, fit_logistic_texts, flatten_pixels
from casebook.config.schema import LogisticImageParameters, LogisticTextParameters

IMAGE = {"name": "logistic_image", "c": 1.0, "max_rows": 500, "max_iter": 50, "seed": 1}
TEXT = {"name": "logistic_text", "c": 10.0, "max_rows": 500, "max_features": 100, "max_iter": 50, "seed": 1}


def image_parameters(**changed: object) -> LogisticImageParameters:
    return LogisticImageParameters.model_validate({**IMAGE, **changed})


def text_parameters(**changed: object) -> LogisticTextParameters:
    return LogisticTextParameters.model_validate({**TEXT, **changed})


@pytest.fixture
def dots() -> dict[str, np.ndarray]:
    """Noise with a bright dot whose place is the class."""
    generator = np.random.default_rng(4)
    target = np.arange(240) % 3
    images = generator.integers(0, 40, (240, 4, 4)).astype(np.uint8)
    images[np.arange(240), 1, target] = 250
    return {"images": images, "target": target.astype(np.uint8)}


def test_pixels_lie_side_by_side_from_0_to_1() -> None:
    flat = flatten_pixels(np.array([[[0, 255], [51, 102]]], dtype=np.uint8))
    np.testing.assert_allclose(flat, [[0.0, 1.0, 0.2, 0.4]], rtol=1e-6)
    assert flat.dtype == np.float32


def test_images_are_told_apart_by_their_pixels(dots: dict[str, np.ndarray]) -> None:
    model = fit_logistic_images({k: v[:180] for k, v in dots.items()}, image_parameters())
    probability = model.predict_proba(dots["images"][180:])
    assert probability.shape == (60, 3)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    assert (probability.argmax(axis=1) == dots["target"][180:]).all()


def test_nothing_is_learnt_from_shuffled_targets(dots: dict[str, np.ndarray]) -> None:
    shuffled = {**dots, "target": np.random.default_rng(1).permutation(dots["target"])}
    model = fit_logistic_images({k: v[:180] for k, v in shuffled.items()}, image_parameters())
    right = model.predict_proba(dots["images"][180:]).argmax(axis=1) == shuffled["target"][180:]
    assert right.mean() < 0.55


def test_a_solver_stopped_by_max_iter_is_no_warning(dots: dict[str, np.ndarray]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_logistic_images(dots, image_parameters(max_iter=1))


def test_at_most_max_rows_are_drawn_by_the_seed_in_their_order() -> None:
    rows = draw_rows(1_000, image_parameters(max_rows=100))
    assert len(rows) == len(set(rows)) == 100
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, draw_rows(1_000, image_parameters(max_rows=100)))
    assert not np.array_equal(rows, draw_rows(1_000, image_parameters(max_rows=100, seed=2)))
    np.testing.assert_array_equal(draw_rows(100, image_parameters(max_rows=100)), np.arange(100))


def test_only_the_drawn_images_are_learnt_from(dots: dict[str, np.ndarray]) -> None:
    parameters = image_parameters(max_rows=100)
    rows = draw_rows(240, parameters)
    others = np.setdiff1d(np.arange(240), rows)
    spoilt = {**dots, "images": dots["images"].copy()}
    spoilt["images"][others] = 255
    first, second = (fit_logistic_images(arrays, parameters) for arrays in (dots, spoilt))
    np.testing.assert_array_equal(first.predict_proba(dots["images"]), second.predict_proba(dots["images"]))


def test_pairs_of_words_tell_what_words_alone_cannot() -> None:
    texts = ["it is not good but bad", "it is not bad but good"] * 40
    target = np.array([0, 1] * 40, dtype=np.uint8)
    model = fit_logistic_texts(texts, target, text_parameters())
    probability = model.predict_proba(np.array(["NOT<br />good", "not bad"], dtype=object))
    assert probability.shape == (2, 2)
    assert probability[0, 1] < 0.3
    assert probability[1, 1] > 0.7


def test_no_more_words_and_pairs_are_counted_than_asked_for() -> None:
    texts = [f"good word{number}" if number % 2 else f"bad word{number}" for number in range(60)]
    model = fit_logistic_texts(texts, np.arange(60) % 2, text_parameters(max_features=10))
    assert len(model[0].vocabulary_) == 10
    assert {"good", "bad"} <= set(model[0].vocabulary_)


def test_several_classes_of_texts_have_a_probability_each() -> None:
    texts = ["red apple", "green leaf", "blue sea"] * 20
    model = fit_logistic_texts(texts, np.arange(60) % 3, text_parameters())
    assert model.predict_proba(texts[:3]).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_text_of_weight_two_is_learnt_as_two_texts_are() -> None:
    texts, target = ["good film", "bad film", "good plot", "bad plot"] * 5, np.array([1, 0, 1, 0] * 5)
    weights = np.tile([1.0, 2.0, 2.0, 1.0], 5)
    weighed = fit_logistic_texts(texts, target, text_parameters(), weights)
    plain = fit_logistic_texts(texts, target, text_parameters())
    probe = ["good", "bad", "film"]
    assert weighed.predict_proba(probe)[:, 1].tolist() != plain.predict_proba(probe)[:, 1].tolist()
    # Words are counted once a text, so that the regression alone sees the weights.
    step, features = weighed.steps[-1][1], weighed[:-1].transform(texts)
    again = type(step)(**step.get_params()).fit(features, target, weights)
    np.testing.assert_allclose(step.coef_, again.coef_)
