"""Several trained networks as one: it takes what they take and predicts the weighted mean of their predictions.

Boosted trees beside them are a network of one layer, of which nothing is trained.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from casebook.models.tabular_inputs import ensemble_layers, tree_layers
from casebook.preprocessing.tabular import BLOCK_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from casebook.models.tree_tables import TreeTables

WEIGHTED_MEAN, BOOSTED_TREES = "weighted_mean", "boosted_trees"
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

    inputs = _copy_inputs(networks[0])
    outputs = [_copy(network, f"network_{number}.", inputs) for number, network in enumerate(networks, 1)]
    mean = ensemble_layers().WeightedMean([float(weight) for weight in weights], dtype="float32", name=WEIGHTED_MEAN)
    combined = keras.Model(inputs, mean(outputs))
    for number, network in enumerate(networks, 1):
        for layer in network.layers:
            if layer.weights:
                combined.get_layer(f"network_{number}.{layer.name}").set_weights(layer.get_weights())
    return combined


def build_tree_network(tables: TreeTables, network: keras.Model) -> keras.Model:
    """Build the network of boosted trees that is combined with another one.

    Args:
        tables: of the trees.
        network: which has the inputs and outputs that this one gets.
    """
    import keras

    inputs = {name: given for name, given in _copy_inputs(network).items() if name in BLOCK_TYPES}
    layer = tree_layers().TreeEnsemble(
        tables.shapes,
        tables.moving,
        network.output_shape[-1],
        tables.activation,
        tables.target_scale,
        name=BOOSTED_TREES,
    )
    trees = keras.Model(inputs, layer(inputs))
    layer.set_tables(tables.arrays)
    return trees


def list_networks(network: keras.Model) -> list[keras.Model]:
    """List the networks of a combined one, boosted trees last, each sharing its layers; else the network alone."""
    import keras

    mean = _find_mean(network)
    return [network] if mean is None else [keras.Model(network.input, output) for output in mean.input]


def list_weights(network: keras.Model) -> list[float]:
    """List the weights of a combined network's networks; 1 of a network that is none."""
    mean = _find_mean(network)
    return [1.0] if mean is None else list(mean.member_weights)


def name_networks(network: keras.Model) -> list[str]:
    """Name the networks of a combined one by their numbers, and boosted trees by what they are."""
    trees = [any(plain_name(layer.name) == BOOSTED_TREES for layer in each.layers) for each in list_networks(network)]
    return [BOOSTED_TREES if is_trees else f"network_{number}" for number, is_trees in enumerate(trees, 1)]


def plain_name(name: str) -> str:
    """Return the name that a layer has in a network by itself."""
    return _MEMBER.sub("", name)


def _find_mean(network: keras.Model) -> Any:  # noqa: ANN401 - a layer, or None
    return next((layer for layer in network.layers if layer.name == WEIGHTED_MEAN), None)


def _copy_inputs(network: keras.Model) -> dict[str, Any]:
    import keras

    return {name: keras.Input(given.shape[1:], dtype=given.dtype, name=name) for name, given in network.input.items()}


def _copy(network: keras.Model, prefix: str, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Copy the layers of a network onto other inputs -> its output there."""
    import keras

    def rename(layer: keras.layers.Layer) -> keras.layers.Layer:
        return layer.__class__.from_config({**layer.get_config(), "name": f"{prefix}{layer.name}"})

    # Another model of the same layers is not compiled: a clone would take an optimiser of its own along.
    layers = keras.Model(network.input, network.output)
    own = {name: inputs[name] for name in network.input}
    return keras.models.clone_model(layers, input_tensors=own, clone_function=rename).output
