"""The state of a training: the content of its checkpoint, and resuming from it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.preprocessing.shards import list_pieces
from casebook.training.checkpoints import ResumeError

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays
    from casebook.training.checkpoints import Checkpoint
    from casebook.training.early_stopping import EarlyStopping


@dataclass
class TrainingState:
    """The state of a training between two epochs.

    Attributes:
        network: compiled, with an optimiser whose variables are there.
        stopping: the rule of early stopping, with its best weights.
        identity: what must be the same in a training that resumes from a checkpoint.
        history: a row an epoch: `epoch`, counted from 1, and the points of its curves.
    """

    network: keras.Model
    stopping: EarlyStopping
    identity: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)

    def save(self, checkpoint: Checkpoint) -> None:
        """Save everything that the next epoch depends on, `model.stop_training` included."""
        variables = [values.numpy() for values in self._read()]
        facts = {
            "identity": self.identity,
            "history": self.history,
            "stopped": bool(self.network.stop_training),
            "stopping": self.stopping.describe(),
            "variables": len(variables),
        }
        checkpoint.save(facts, [*variables, *self.stopping.weights])

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state from a checkpoint of this run, where there is one.

        Raises:
            ResumeError: the checkpoint belongs to other rows or parameters.
        """
        kept = checkpoint.load()
        if kept is None:
            return
        facts, arrays = kept
        different = [name for name, value in self.identity.items() if facts["identity"].get(name) != value]
        if different:
            raise ResumeError(f"{checkpoint.path} is of another training: {', '.join(different)} differ; begin anew")
        for variable, value in zip(self._variables, arrays[: facts["variables"]], strict=True):
            variable.assign(value)
        self.history, self.network.stop_training = facts["history"], facts["stopped"]
        self.stopping.restore(facts["stopping"], arrays[facts["variables"] :])

    @cached_property
    def _read(self) -> Callable[[], list[Any]]:
        """Return a function that reads all variables in one call: one by one takes an epoch's time of a small table."""
        import tensorflow as tf

        variables = self._variables
        read: Callable[[], list[Any]] = tf.function(lambda: [tf.identity(v.value) for v in variables], autograph=False)
        return read

    @property
    def _variables(self) -> list[Any]:
        """List weights, the states of the random generators of dropout and noise, and the optimiser's variables."""
        return [*self.network.variables, *self.network.optimizer.variables]


def identify_training(train: Arrays, validation: Arrays, parameters: TrainingParameters) -> dict[str, Any]:
    """Compute what identifies a training: checksums of its rows, and its parameters."""
    return {
        "training rows": _sum_arrays(train),
        "validation rows": _sum_arrays(validation),
        "parameters": parameters.model_dump(mode="json"),
    }


def _sum_arrays(arrays: Arrays) -> dict[str, Any]:
    return {name: [list(values.shape), _sum_array(values)] for name, values in arrays.items()}


def _sum_array(values: np.ndarray) -> int:
    """Compute the checksum of an array's bytes, piece by piece: it may lie in shards on the disk."""
    checksum = 0
    for piece in list_pieces(len(values)):
        checksum = zlib.crc32(np.ascontiguousarray(values[piece]).data, checksum)
    return checksum
