"""Several trained networks as one: it takes what they take and predicts the weighted mean of their predictions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from casebook.models.tabular_inputs import ensemble_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

WEIGHTED_MEAN = "weighted_mean"
_MEMBER = re.compile(r"^network_\d+\.")


def combine_networks(networks: Sequence[keras.Model], weights: Sequence[float]) -> keras.Model:
    """Combine networks into one.

    Args:
        networks: with the same inputs and outputs.
        weights: of their predictions, above 0; they add up to 1.

    Returns:
        A network with a copy of each one's layers, which are called `network_<number>.<name>`, counted from 1.
    """
    import keras

    inputs = {
        name: keras.Input(given.shape[1:], dtype=given.dtype, name=name) for name, given in networks[0].input.items()
    }
    outputs = [_copy(network, f"network_{number}.", inputs) for number, network in enumerate(networks, 1)]
    mean = ensemble_layers().WeightedMean([float(weight) for weight in weights], dtype="float32", name=WEIGHTED_MEAN)
    combined = keras.Model(inputs, mean(outputs))
    for number, network in enumerate(networks, 1):
        for layer in network.layers:
            if layer.weights:
                combined.get_layer(f"network_{number}.{layer.name}").set_weights(layer.get_weights())
    return combined


def list_networks(network: keras.Model) -> list[keras.Model]:
    """List the networks of a combined one, each sharing its layers; a network that is none is the only one."""
    import keras

    mean = _find_mean(network)
    return [network] if mean is None else [keras.Model(network.input, output) for output in mean.input]


def list_weights(network: keras.Model) -> list[float]:
    """List the weights of a combined network's networks; 1 of a network that is none."""
    mean = _find_mean(network)
    return [1.0] if mean is None else list(mean.member_weights)


def plain_name(name: str) -> str:
    """Return the name that a layer has in a network by itself."""
    return _MEMBER.sub("", name)


def _find_mean(network: keras.Model) -> Any:  # noqa: ANN401 - a layer, or None
    return next((layer for layer in network.layers if layer.name == WEIGHTED_MEAN), None)


def _copy(network: keras.Model, prefix: str, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Copy the layers of a network onto other inputs -> its output there."""
    import keras

    def rename(layer: keras.layers.Layer) -> keras.layers.Layer:
        return layer.__class__.from_config({**layer.get_config(), "name": f"{prefix}{layer.name}"})

    # Another model of the same layers is not compiled: a clone would take an optimiser of its own along.
    layers = keras.Model(network.input, network.output)
    return keras.models.clone_model(layers, input_tensors=inputs, clone_function=rename).output
