"""Keras's private parts that the compiled loop and the fused optimisers depend on, checked once a training.

Keras promises none of it. Where a version has changed something, training goes through `Model.fit` and Keras's own
optimisers; `tests/training/test_keras_internals.py` fails with the sentences found here.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from casebook.training.optimizers import FusedUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import keras


def find_changed_internals(network: keras.Model) -> list[str]:
    """Check the private parts of Keras that the compiled loop depends on.

    Args:
        network: compiled; the variables of its optimiser are created.

    Returns:
        A sentence for each part of Keras that is no longer as it was; none where all are.
    """
    network.optimizer.build(network.trainable_variables)
    found = list(_check_network(network))
    if isinstance(network.optimizer, FusedUpdate):
        found += _check_adam(network.optimizer, network.trainable_variables)
    return found


def _check_network(network: keras.Model) -> Iterator[str]:
    if not any(getattr(metric, "name", "") == "loss" for metric in network.metrics):
        yield "Model.metrics of a compiled model no longer holds the mean loss under the name 'loss'"
    if not callable(getattr(network, "test_step", None)):
        yield "Model.test_step is gone"
    arguments = ["x", "y", "y_pred", "sample_weight", "training"]
    yield from _check_arguments(network.compute_loss, "Model.compute_loss", arguments)
    for name in ("scale_loss", "apply_gradients"):
        if not callable(getattr(network.optimizer, name, None)):
            yield f"Optimizer.{name} is gone"


def _check_adam(optimizer: Any, variables: list[Any]) -> Iterator[str]:  # noqa: ANN401 - a keras optimiser
    plain: Any = super(FusedUpdate, optimizer)
    yield from _check_arguments(plain.apply, "Adam.apply", ["grads", "trainable_variables"])
    yield from _check_arguments(plain.update_step, "Adam.update_step", ["gradient", "variable", "learning_rate"])
    rate = getattr(super(FusedUpdate, type(optimizer)), "learning_rate", None)
    if getattr(rate, "fset", None) is None:
        yield "Adam.learning_rate is no longer a property that can be set"
    for name in ("iterations", "beta_1", "beta_2", "epsilon", "amsgrad"):
        if not hasattr(optimizer, name):
            yield f"Adam.{name} is gone"
    if not hasattr(tf.raw_ops, "ResourceApplyAdam"):
        yield "tf.raw_ops.ResourceApplyAdam is gone"
    if not callable(getattr(optimizer, "_get_variable_index", None)):
        yield "Adam._get_variable_index is gone"
    elif [optimizer._get_variable_index(variable) for variable in variables] != list(range(len(variables))):
        yield "Adam._get_variable_index no longer counts the trainable variables in their order"
    for name in ("_momentums", "_velocities"):
        moments = getattr(optimizer, name, None)
        shapes = [tuple(variable.shape) for variable in variables]
        if moments is None or [tuple(moment.shape) for moment in moments] != shapes:
            yield f"Adam.{name} is no longer a list of a variable for each trainable variable"
        elif not all(hasattr(moment.value, "handle") for moment in moments):
            yield f"Adam.{name} holds values that are no longer TensorFlow's resource variables"


def _check_arguments(function: Callable[..., Any], name: str, expected: list[str]) -> Iterator[str]:
    actual = list(inspect.signature(function).parameters)
    missing = [argument for argument in expected if argument not in actual]
    if missing:
        yield f"{name} no longer has the arguments {', '.join(missing)}; it has {', '.join(actual)}"
