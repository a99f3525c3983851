"""Reference models of images and texts: logistic regression on pixels and on TF-IDF of words and pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.preprocessing.arrays import LOSS_WEIGHT, weigh_loss, without_rows
from casebook.preprocessing.texts import split_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sklearn.pipeline import Pipeline

    from casebook.config.schema import LogisticImageParameters, LogisticTextParameters

BRIGHTEST = 255


def fit_logistic_images(train: Mapping[str, np.ndarray], parameters: LogisticImageParameters) -> Pipeline:
    """Fit a logistic regression on pixels.

    Args:
        train: `images`, uint8 of shape (rows, height, width), and `target`, class numbers of shape (rows,).
        parameters: the case's `reference` block.

    Returns:
        A fitted pipeline whose `predict_proba` takes images like those of `train`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    rows = draw_rows(len(train["target"]), parameters)
    model = LogisticRegression(C=parameters.c, max_iter=parameters.max_iter, random_state=parameters.seed)
    pipeline = make_pipeline(FunctionTransformer(flatten_pixels), model)
    weighed, _ = weigh_loss(dict(train), without_rows(dict(train)), parameters.class_weights)
    return _fit(pipeline, train["images"][rows], train["target"][rows], _take(weighed.get(LOSS_WEIGHT), rows))


def flatten_pixels(images: np.ndarray) -> np.ndarray:
    """Flatten the pixels of each image and scale them to 0 to 1; float32 of shape (rows, pixels)."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(BRIGHTEST)


def fit_logistic_texts(
    texts: Sequence[str],
    target: np.ndarray,
    parameters: LogisticTextParameters,
    sample_weight: np.ndarray | None = None,
) -> Pipeline:
    """Fit a logistic regression on the TF-IDF of words and pairs of words.

    Args:
        texts: raw texts of the training rows.
        target: 0 or 1, or class numbers; shape (rows,).
        parameters: the case's `reference` block.
        sample_weight: of the rows; None for equal ones.

    Returns:
        A fitted pipeline whose `predict_proba` takes raw texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = draw_rows(len(target), parameters)
    # Words and pairs are counted once a text on a logarithmic scale: a tenth "great" adds less than the first.
    weights = TfidfVectorizer(
        tokenizer=split_words,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, 2),
        max_features=parameters.max_features,
        sublinear_tf=True,
        dtype=np.float32,
    )
    solver = "liblinear" if len(np.unique(target)) == 2 else "lbfgs"
    model = LogisticRegression(
        C=parameters.c, max_iter=parameters.max_iter, random_state=parameters.seed, solver=solver
    )
    pipeline = make_pipeline(weights, model)
    return _fit(pipeline, [str(texts[row]) for row in rows], target[rows], _take(sample_weight, rows))


def draw_rows(rows: int, parameters: LogisticImageParameters | LogisticTextParameters) -> np.ndarray:
    """Sample at most `max_rows` of so many rows by the seed, in their order."""
    if rows <= parameters.max_rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng(parameters.seed).choice(rows, parameters.max_rows, replace=False))


def _take(weights: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights[rows]


def _fit(pipeline: Pipeline, rows: object, target: np.ndarray, weights: np.ndarray | None) -> Pipeline:
    """Fit without scikit-learn's warning that a solver was stopped by `max_iter`, which is a setting here."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Weights are an argument of the regression, which is the last step.
        return pipeline.fit(rows, target, **{f"{pipeline.steps[-1][0]}__sample_weight": weights})
