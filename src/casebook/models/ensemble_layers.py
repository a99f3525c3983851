"""An ensemble inside one network: members share the hidden layers. Importing this module imports Keras.

Source: TabM-mini of arXiv 2410.24210. Each member sees the features through weights of its own and has an output of its
own; each learns from its own loss, and the network's prediction is the mean of theirs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class EnsembleView(keras.layers.Layer):  # type: ignore[misc]  # Keras carries no types
    """Copy each row for every member, its features multiplied by the member's own weights.

    Input (rows, features), output (rows * members, features), the members of a row one after the other. Source: the
    adapter of TabM-mini, arXiv 2410.24210.
    """

    def __init__(self, ensemble_size: int, **options: Any) -> None:  # noqa: ANN401 - Keras's own options
        """Store the ensemble's size."""
        super().__init__(**options)
        self.ensemble_size = ensemble_size

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the weights: 1 or -1 at random, so that members differ from the start; shape (members, features)."""
        self.signs = self.add_weight((self.ensemble_size, shape[-1]), initializer=_draw_signs, name="signs")
        super().build(shape)

    def call(self, values: Any) -> Any:  # noqa: ANN401 - tensors
        """Multiply the features with each member's weights."""
        return ops.reshape(values[:, None, :] * self.signs, (-1, values.shape[-1]))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the output's shape: (rows * members, features)."""
        return (None, *shape[1:])

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "ensemble_size": self.ensemble_size}


class LinearEnsemble(keras.layers.Layer):  # type: ignore[misc]
    """A dense output layer for each member: (rows * members, width) to (rows * members, outputs)."""

    def __init__(
        self,
        ensemble_size: int,
        outputs: int,
        activation: str = "linear",
        kernel_initializer: str = "glorot_uniform",
        bias_initializer: str = "zeros",
        **options: Any,  # noqa: ANN401 - Keras's own options
    ) -> None:
        """Store the ensemble's size; the other arguments are those of Keras's Dense."""
        super().__init__(**options)
        self.settings: dict[str, Any] = {"ensemble_size": ensemble_size, "outputs": outputs, "activation": activation}
        self.initializers = {"kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer}
        self.activation = keras.activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create kernel and bias of every member, each initialised as in Dense."""
        ensemble_size, outputs = self.settings["ensemble_size"], self.settings["outputs"]
        self.kernel = self.add_weight(
            (ensemble_size, shape[-1], outputs), initializer=self._draw("kernel"), name="kernel"
        )
        self.bias = self.add_weight((ensemble_size, outputs), initializer=self._draw("bias"), name="bias")
        super().build(shape)

    def _draw(self, part: str) -> Any:  # noqa: ANN401 - a function of shape and type
        # Member by member: how wide an initialiser draws depends on the shape, and one object draws the same again.
        name = self.initializers[f"{part}_initializer"]
        return lambda shape, dtype=None: ops.stack(
            [keras.initializers.get(name)(shape[1:], dtype) for _ in range(shape[0])]
        )

    def call(self, values: Any) -> Any:  # noqa: ANN401 - tensors
        """Multiply each member's rows with its kernel, add its bias and apply the activation."""
        by_member = ops.reshape(values, (-1, self.settings["ensemble_size"], values.shape[-1]))
        outputs = ops.einsum("rmw,mwo->rmo", by_member, self.kernel) + self.bias
        return self.activation(ops.reshape(outputs, (-1, self.settings["outputs"])))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        """Return the output's shape: (rows * members, outputs)."""
        return (shape[0], int(self.settings["outputs"]))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), **self.settings, **self.initializers}


class EnsembleMean(keras.layers.Layer):  # type: ignore[misc]
    """Average the members' predictions: (rows * members, outputs) to (rows, outputs)."""

    def __init__(self, ensemble_size: int, **options: Any) -> None:  # noqa: ANN401 - Keras's own options
        """Store the ensemble's size."""
        super().__init__(**options)
        self.ensemble_size = ensemble_size

    def call(self, values: Any) -> Any:  # noqa: ANN401 - tensors
        """Compute the mean over the members of each row."""
        return ops.mean(ops.reshape(values, (-1, self.ensemble_size, values.shape[-1])), axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the output's shape: (rows, outputs)."""
        return (None, *shape[1:])

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "ensemble_size": self.ensemble_size}


class WeightedMean(keras.layers.Layer):  # type: ignore[misc]
    """Average the predictions of networks: a list of (rows, outputs) to (rows, outputs)."""

    def __init__(self, weights: list[float], **options: Any) -> None:  # noqa: ANN401 - Keras's own options
        """Store the networks' weights, which add up to 1."""
        super().__init__(**options)
        self.member_weights = list(weights)

    def call(self, predictions: list[Any]) -> Any:  # noqa: ANN401 - tensors
        """Compute the weighted mean of each row."""
        return sum(weight * each for weight, each in zip(self.member_weights, predictions, strict=True))

    def compute_output_shape(self, shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Return the output's shape: (rows, outputs)."""
        return tuple(shapes[0])

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "weights": self.member_weights}


class EnsembleTraining(keras.Model):  # type: ignore[misc]
    """Training model of an ensemble: a loss for each member. Metrics and validation are those of the mean."""

    ensemble_mean: EnsembleMean

    def compute_loss(
        self,
        x: Any = None,  # noqa: ANN401 - tensors
        y: Any = None,  # noqa: ANN401
        y_pred: Any = None,  # noqa: ANN401
        sample_weight: Any = None,  # noqa: ANN401
        training: bool = True,
    ) -> Any:  # noqa: ANN401
        """Compute the mean of the members' losses in training, else the loss of their mean prediction."""
        if training:
            y = ops.repeat(y, self.ensemble_mean.ensemble_size, axis=0)
            if sample_weight is not None:
                sample_weight = ops.repeat(sample_weight, self.ensemble_mean.ensemble_size, axis=0)
        else:
            y_pred = self.ensemble_mean(y_pred)
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def network_to_train(network: keras.Model) -> keras.Model:
    """Return the model to train.

    Args:
        network: as `networks.build_network` returns it.

    Returns:
        The network itself without an ensemble; else a model that shares its layers, outputs every member
        (rows * members, outputs), and has a loss for each.
    """
    mean = next((layer for layer in network.layers if isinstance(layer, EnsembleMean)), None)
    if mean is None:
        return network
    trained = EnsembleTraining(network.input, mean.input)
    trained.ensemble_mean = mean
    return trained


def _draw_signs(shape: tuple[int, ...], dtype: Any = None) -> Any:  # noqa: ANN401 - a tensor
    return 2 * ops.cast(keras.random.uniform(shape) < 0.5, dtype) - 1
