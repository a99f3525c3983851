"""Losses by name. Keras and TensorFlow are imported where a loss is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.models.network_ensemble import plain_name
from casebook.models.networks import TARGET_SCALE

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

    from casebook.config.schema import TrainingParameters


def make_loss(network: keras.Model, parameters: TrainingParameters) -> Any:  # noqa: ANN401 - a name or a function
    """Resolve a loss by name.

    Args:
        network: whose layer `target_scale`, where it has one, scales target and output before they are compared.
        parameters: `loss`, a name of Keras or `pinball` with its `quantile`.

    Returns:
        Keras's name, or a function of target (rows,) and outputs (rows, outputs) that returns losses (rows,).
    """
    import keras

    own = OWN_LOSSES.get(parameters.loss)
    scaled = next((layer for layer in network.layers if plain_name(layer.name) == TARGET_SCALE), None)
    if scaled is None and own is None:
        return parameters.loss
    loss = own(parameters) if own else keras.losses.get(parameters.loss)
    return loss if scaled is None else lambda actual, predicted: loss(scaled.scale(actual), scaled.scale(predicted))


def pinball(quantile: float) -> Callable[[Any, Any], Any]:
    """Build the pinball (quantile) loss; its mean is least at that quantile of the target.

    At 0.5 it is half the absolute error. Source: Koenker and Bassett, Regression Quantiles (1978).

    Args:
        quantile: between 0 and 1.

    Returns:
        A function of target (rows,) and outputs (rows, 1) that returns a loss a row, shape (rows,).
    """

    def loss(actual: Any, predicted: Any) -> Any:  # noqa: ANN401 - tensors
        from keras import ops

        error = ops.reshape(actual, ops.shape(predicted)) - predicted
        return ops.mean(ops.maximum(quantile * error, (quantile - 1) * error), axis=-1)

    return loss


# Losses that Keras does not have: name (also in `config.schema.types.Loss`) -> builder from a training's parameters.
OWN_LOSSES: dict[str, Callable[[TrainingParameters], Callable[[Any, Any], Any]]] = {
    "pinball": lambda parameters: pinball(parameters.quantile)
}
