"""Prediction with a network in memory; a model that predicts often is a `RowModel` (see `inference`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.models.networks import make_predictor
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras


def predict(network: keras.Model, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Predict prepared rows in their order: float64 of shape (rows,) for one output, else (rows, outputs).

    Dense networks by NumPy: for a single use TensorFlow takes longer to compile one than the prediction takes.
    """
    described = describe_network(network)
    if described is None:
        return make_predictor(network)(arrays)
    # A network that diverged has no finite outputs, which the scores report.
    with np.errstate(over="ignore", invalid="ignore"):
        return NumpyNetwork(*described)(arrays)
