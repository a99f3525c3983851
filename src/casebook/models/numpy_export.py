"""Export of a dense Keras network for the forward pass in NumPy (see `numpy_network`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.models.numpy_network import ACTIVATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import keras
    import numpy as np

Weights = dict[str, "np.ndarray"]
Description = dict[str, Any]


class _NotDenseError(Exception):
    """A layer or setting that the forward pass in NumPy does not support."""


def describe_network(network: keras.Model) -> tuple[Description, Weights] | None:
    """Describe a network as steps and weights for `numpy_network`.

    Returns:
        See `numpy_network.NumpyNetwork`; nothing when a layer is unknown to it (convolutions, recurrent layers,
        16-bit arithmetic): such a network is served by Keras.
    """
    config = network.get_config()
    steps: list[Description] = []
    weights: Weights = {}
    try:
        for entry in config["layers"]:
            if entry["class_name"] == "InputLayer":
                continue
            # Operations that are no layers are in the configuration too; they are refused before `get_layer` fails.
            steps.append(_describe_layer(entry))
            layer = network.get_layer(entry["name"])
            weights |= {f"{layer.name}/{weight.name}": weight.numpy() for weight in layer.weights}
        output = _sole(config["output_layers"])
    except _NotDenseError:
        return None
    return {"inputs": list(network.input), "steps": steps, "output": output}, weights


def _sole(outputs: list[Any]) -> str:
    if isinstance(outputs[0], str):
        return outputs[0]
    if len(outputs) == 1:
        return str(outputs[0][0])
    raise _NotDenseError


def _describe_layer(entry: dict[str, Any]) -> Description:
    config = entry["config"]
    describe = KINDS.get(entry["class_name"])
    if describe is None or len(entry["inbound_nodes"]) != 1 or not _is_float32(config.get("dtype")):
        raise _NotDenseError
    inputs = list(_tensors(entry["inbound_nodes"][0]["args"]))
    return {"name": entry["name"], "inputs": inputs, **describe(config)}


def _is_float32(policy: Any) -> bool:  # noqa: ANN401 - a name or the configuration of a policy
    name = policy["config"]["name"] if isinstance(policy, dict) else policy
    return name in {None, "float32"}


def _tensors(arguments: Any) -> Iterator[str]:  # noqa: ANN401 - nested lists and mappings
    """Yield the names of the layers that an argument's tensors come from; of a mapping in the order of its keys."""
    if isinstance(arguments, dict) and arguments.get("class_name") == "__keras_tensor__":
        yield arguments["config"]["keras_history"][0]
    elif isinstance(arguments, dict):
        for key in sorted(arguments):
            yield from _tensors(arguments[key])
    elif isinstance(arguments, list | tuple):
        for argument in arguments:
            yield from _tensors(argument)


def _activation(config: dict[str, Any]) -> str:
    name = config["activation"]
    if name not in ACTIVATIONS:
        raise _NotDenseError
    return str(name)


def _concatenation(config: dict[str, Any]) -> Description:
    if config["axis"] != -1:
        raise _NotDenseError
    return {"kind": "concatenate"}


def _expansion(config: dict[str, Any]) -> Description:
    return {"kind": "expansion", **{name: config[name] for name in ("numbers", "categories", "scale", "shift")}}


def _target_scale(config: dict[str, Any]) -> Description:
    scale = config["kind"]
    return {"kind": "target_scale", "scale": scale, "mean": config["mean"], "deviation": config["deviation"]}


KINDS: dict[str, Callable[[dict[str, Any]], Description]] = {
    "Dense": lambda config: {"kind": "dense", "activation": _activation(config)},
    "Activation": lambda config: {"kind": "activation", "activation": _activation(config)},
    "PReLU": lambda _: {"kind": "prelu"},
    "Embedding": lambda _: {"kind": "embedding"},
    "CategoryLookup": lambda config: {"kind": "pick", "position": config["position"]},
    "TabularExpansion": _expansion,
    "TargetScale": _target_scale,
    "Concatenate": _concatenation,
    "PiecewiseLinearEncoding": lambda config: {
        "kind": "piecewise_linear_bins",
        "numbers": config["numbers"],
        "keep_numbers": config["keep_numbers"],
    },
    "EnsembleView": lambda _: {"kind": "ensemble_size"},
    "LinearEnsemble": lambda config: {
        "kind": "member_outputs",
        "ensemble_size": config["ensemble_size"],
        "activation": _activation(config),
    },
    "EnsembleMean": lambda config: {"kind": "ensemble_mean", "ensemble_size": config["ensemble_size"]},
    "WordNumbers": lambda _: {"kind": "word_numbers"},
    "HashedPairs": lambda _: {"kind": "hashed_pairs"},
    "WordMeans": lambda config: {"kind": "word_means", "ends": config["ends"]},
    "WideGrams": lambda config: {"kind": "wide_grams", "words": config["words"]},
    "WeightedMean": lambda config: {"kind": "weighted_mean", "weights": config["weights"]},
    "TreeEnsemble": lambda config: {
        "kind": "boosted_trees",
        **{name: config[name] for name in ("moving", "outputs", "activation", "target_scale")},
    },
    "Dropout": lambda _: {"kind": "same"},
    "Identity": lambda _: {"kind": "same"},
}
