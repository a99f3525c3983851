"""The forward pass of dense networks in NumPy: serving needs neither TensorFlow nor its seconds of start.

A network is a list of steps, each with the names of what goes in; `numpy_export` describes a Keras model so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.models.numpy_texts import TEXT_STEPS
from casebook.models.tree_tables import NumpyTreeEnsemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

DESCRIPTION, WEIGHTS = "network.json", "network.npz"
# Rows computed at once: their values stay in the processor's cache, and so few bytes are not given back to the system
# after each step (an ensemble has those of all members). Of texts each has hundreds of words.
CHUNK_ROWS, TEXT_CHUNK_ROWS = 512, 64
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
# `layers.TargetScale` clips by these.
MIN_LOG, MAX_LOG = -10.0, 40.0

Step = dict[str, Any]
Values = dict[str, np.ndarray]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        found: np.ndarray = 1 / (1 + np.exp(-x))
    return found


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    found: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return found


def _elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, x * np.float32(0.2)),
    "elu": _elu,
    "selu": lambda x: np.float32(SELU_SCALE) * np.where(x > 0, x, np.float32(SELU_ALPHA) * np.expm1(np.minimum(x, 0))),
    "tanh": np.tanh,
    "silu": lambda x: x * _sigmoid(x),
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}


class NumpyNetwork:
    """A dense network described by steps and weights, with its forward pass in NumPy."""

    def __init__(self, description: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> None:
        """Build a function for each step.

        Args:
            description: `inputs` (names of the prepared arrays), `steps` in their order, and the `output`'s name.
            weights: each as `<step>/<name>`.
        """
        self.inputs, self.output = description["inputs"], description["output"]
        self.steps = [(step["name"], step["inputs"], _make_step(step, weights)) for step in description["steps"]]

    @classmethod
    def load(cls, folder: Path) -> NumpyNetwork:
        """Load the two files that `save` wrote."""
        with np.load(folder / WEIGHTS) as weights:
            return cls(json.loads((folder / DESCRIPTION).read_text()), dict(weights))

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Predict prepared rows; float64 of shape (rows,) for one output, else (rows, outputs)."""
        rows = len(arrays[self.inputs[0]])
        size = TEXT_CHUNK_ROWS if "tokens" in self.inputs else CHUNK_ROWS
        chunks = (slice(start, start + size) for start in range(0, max(1, rows), size))
        parts = [self._compute({name: arrays[name][chunk] for name in self.inputs}) for chunk in chunks]
        outputs = np.concatenate(parts).astype(np.float64) if len(parts) > 1 else parts[0].astype(np.float64)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _compute(self, values: Values) -> np.ndarray:
        for name, inputs, compute in self.steps:
            values[name] = compute(*[values[given] for given in inputs])
        return values[self.output]


def save(description: Mapping[str, Any], weights: Mapping[str, np.ndarray], folder: Path) -> None:
    """Save a described network into a folder."""
    (folder / DESCRIPTION).write_text(json.dumps(description))
    named: Any = dict(weights)
    np.savez(folder / WEIGHTS, **named)


def _make_step(step: Step, weights: Mapping[str, np.ndarray]) -> Callable[..., np.ndarray]:
    mine = {key.rpartition("/")[2]: value for key, value in weights.items() if key.rpartition("/")[0] == step["name"]}
    made: Callable[..., np.ndarray] = STEPS[step["kind"]](step, mine)
    return made


def _dense(step: Step, weights: Values) -> Callable[..., np.ndarray]:
    kernel, bias = weights["kernel"], weights.get("bias", np.float32(0))
    activate = ACTIVATIONS[step["activation"]]
    return lambda x: activate(x @ kernel + bias)


def _embedding(_step: Step, weights: Values) -> Callable[..., np.ndarray]:
    return lambda ids: weights["embeddings"][ids]


def _prelu(_step: Step, weights: Values) -> Callable[..., np.ndarray]:
    return lambda x: np.maximum(x, 0) + weights["alpha"] * np.minimum(x, 0)


def _concatenate(_step: Step, _weights: Values) -> Callable[..., np.ndarray]:
    return lambda *parts: np.concatenate(parts, axis=-1)


def _category_lookup(step: Step, _weights: Values) -> Callable[..., np.ndarray]:
    return lambda block: block[:, step["position"]].astype(np.int32)


def _target_scale(step: Step, _weights: Values) -> Callable[..., np.ndarray]:
    deviation, mean = np.float32(step["deviation"]), np.float32(step["mean"])
    if step["scale"] == "log":
        return lambda x: np.expm1(np.clip(x * deviation + mean, np.float32(MIN_LOG), np.float32(MAX_LOG)))
    return lambda x: x * deviation + mean


def _piecewise_linear(step: Step, weights: Values) -> Callable[..., np.ndarray]:
    numbers, first = step["numbers"], weights["edges"][:, :-1]
    width = weights["edges"][:, 1:] - first
    # A bin without width counts as one below every value.
    inverse_width = np.divide(1, width, out=np.zeros_like(width), where=width != 0)

    def encode(features: np.ndarray) -> np.ndarray:
        position = np.clip((features[:, :numbers, None] - first) * inverse_width, 0, 1)
        kept = [soften(features[:, :numbers])] if step.get("keep_numbers") else []
        return np.concatenate([*kept, position.reshape(len(features), -1), features[:, numbers:]], axis=1)

    return encode


def soften(scaled: Any) -> Any:  # noqa: ANN401 - an array, or a tensor
    """Draw scaled numbers in: small ones stay, none is beyond 3 deviations. Source: RealMLP of arXiv 2407.04491."""
    return scaled / (1 + (scaled / 3) ** 2) ** 0.5


def _ensemble_view(_step: Step, weights: Values) -> Callable[..., np.ndarray]:
    return lambda x: (x[:, None, :] * weights["signs"]).reshape(-1, x.shape[-1])


def _linear_ensemble(step: Step, weights: Values) -> Callable[..., np.ndarray]:
    ensemble_size, kernel, bias = step["ensemble_size"], weights["kernel"], weights["bias"]
    activate = ACTIVATIONS[step["activation"]]

    def apply_members(x: np.ndarray) -> np.ndarray:
        by_member = x.reshape(-1, ensemble_size, x.shape[-1]).transpose(1, 0, 2)
        outputs = (by_member @ kernel).transpose(1, 0, 2) + bias
        return activate(outputs.reshape(-1, outputs.shape[-1]))

    return apply_members


def _ensemble_mean(step: Step, _weights: Values) -> Callable[..., np.ndarray]:
    return lambda x: x.reshape(-1, step["ensemble_size"], x.shape[-1]).mean(axis=1)


def _weighted_mean(step: Step, _weights: Values) -> Callable[..., np.ndarray]:
    shares = [np.float32(weight) for weight in step["weights"]]
    return lambda *predictions: sum(weight * each for weight, each in zip(shares, predictions, strict=True))


class NumpyTabularExpansion:
    """Expand stored codes and numbers into scaled dense features, as `layers.TabularExpansion` does."""

    def __init__(self, step: Step, _weights: Values) -> None:
        """Compute the columns of each block and their places; see `layers.TabularExpansion` for the settings."""
        scale, shift = np.asarray(step["scale"]), np.asarray(step["shift"])
        count = len(step["numbers"])
        self.numbers = [_select(step["numbers"], block, range(count), 2) for block in ("codes", "numbers")]
        self.terms = scale_numbers(scale[:count], shift[:count])
        self.off, self.on = shift.astype(np.float32), (scale + shift).astype(np.float32)
        widths = [size - left_out for _, _, size, left_out in step["categories"]]
        begins = np.cumsum([count, *widths])[:-1]
        self.categories = [_select(step["categories"], block, begins, 4) for block in ("codes", "ids")]

    def __call__(self, codes: np.ndarray, ids: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Compute the dense features, float32 of shape (rows, features)."""
        dense = np.empty((len(codes), len(self.off)), np.float32)
        dense[:] = self.off
        zero, scale, shift = self.terms
        for block, (places, columns) in zip((codes, values), self.numbers, strict=True):
            dense[:, places] = (block[:, columns] - zero[places]) * scale[places] + shift[places]
        for block, (begins, columns, sizes, left_out) in zip((codes, ids), self.categories, strict=True):
            known = block[:, columns].astype(np.intp)
            # 0 and what lies behind the known values have no indicator, nor have those left out.
            rows, which = np.nonzero((known > left_out) & (known <= sizes))
            places = begins[which] + known[rows, which] - 1 - left_out[which]
            dense[rows, places] = self.on[places]
        return dense


def _select(columns: Sequence[Any], block: str, places: Iterable[int], facts: int) -> list[np.ndarray]:
    """Select the columns of a block: their places among the features, then their other facts, an array each."""
    mine = [[place, *column[1:]] for place, column in zip(places, columns, strict=True) if column[0] == block]
    return list(np.array(mine, np.intp).reshape(len(mine), facts).T)


def scale_numbers(scale: Any, shift: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # noqa: ANN401 - lists or arrays
    """Split stored * scale + shift into (stored - zero) * scale + rest, each float32 of shape (numbers,).

    The stored value of a feature of 0 is subtracted first, exactly: float32 has too few digits for large products.
    """
    scale, shift = np.asarray(scale, np.float64), np.asarray(shift, np.float64)
    zero = np.rint(-shift / scale)
    return zero.astype(np.float32), scale.astype(np.float32), (shift + zero * scale).astype(np.float32)


STEPS: dict[str, Callable[[Step, Values], Callable[..., np.ndarray]]] = {
    "dense": _dense,
    "embedding": _embedding,
    "prelu": _prelu,
    "concatenate": _concatenate,
    "pick": _category_lookup,
    "target_scale": _target_scale,
    "expansion": NumpyTabularExpansion,
    "piecewise_linear_bins": _piecewise_linear,
    "ensemble_size": _ensemble_view,
    "member_outputs": _linear_ensemble,
    "ensemble_mean": _ensemble_mean,
    "weighted_mean": _weighted_mean,
    "boosted_trees": lambda step, tables: NumpyTreeEnsemble(step, tables, ACTIVATIONS[step["activation"]]),
    "activation": lambda step, _weights: ACTIVATIONS[step["activation"]],
    "same": lambda _step, _weights: lambda x: x,
    **TEXT_STEPS,
}
