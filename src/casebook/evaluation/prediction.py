"""Prediction with a network in memory; a model that predicts often is a `RowModel` (see `inference`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.models.networks import make_predictor
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork
from casebook.preprocessing.shards import compute_by_piece

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras


def predict(network: keras.Model, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Predict prepared rows in their order: float64 of shape (rows,) for one output, else (rows, outputs).

    Dense networks by NumPy: for a single use TensorFlow takes longer to compile one than the prediction takes. Rows in
    shards are read piece by piece.
    """
    described = describe_network(network)
    predict_rows = make_predictor(network) if described is None else NumpyNetwork(*described)
    # A network that diverged has no finite outputs, which the scores report.
    with np.errstate(over="ignore", invalid="ignore"):
        return compute_by_piece(predict_rows, arrays)
