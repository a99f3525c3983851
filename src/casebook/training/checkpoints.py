"""Checkpoints: the state that resumes a killed training, in one file that is written atomically between two epochs."""

from __future__ import annotations

import json
import math
import struct
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.runtime.atomic_files import atomic_write
from casebook.training.callbacks import TrainingCallback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from casebook.training.state import TrainingState

# The length in bytes of the header, little-endian.
HEADER_LENGTH = struct.Struct("<Q")


class ResumeError(ValueError):
    """A training that cannot be resumed; the message says why and what to do."""


class Checkpoint:
    """The state of a training in a file, under the name of the run that it belongs to.

    Only the run that wrote it resumes from it; every other one begins anew and overwrites it.
    """

    def __init__(self, path: Path, owner: str, min_interval_seconds: float = 0.0) -> None:
        """Store the file's path, the run's id, and the seconds within which no second state is written."""
        self.path = path
        self.owner = owner
        self._min_interval_seconds, self._saved_at = min_interval_seconds, -math.inf

    @property
    def due(self) -> bool:
        """Return whether the last state was written long enough ago."""
        return time.monotonic() - self._saved_at >= self._min_interval_seconds

    def load(self) -> tuple[dict[str, Any], list[np.ndarray]] | None:
        """Load the facts and arrays that this run saved last.

        Returns:
            Facts, and arrays of the shapes and types in which they were saved; None when this run saved none.
        """
        if read_owner(self.path) != self.owner:
            return None
        with self.path.open("rb") as file:
            header = json.loads(file.read(HEADER_LENGTH.unpack(file.read(HEADER_LENGTH.size))[0]))
            arrays = [
                np.frombuffer(file.read(np.dtype(kind).itemsize * int(np.prod(shape))), kind).reshape(shape)
                for kind, shape in header["arrays"]
            ]
        return header["facts"], arrays

    def save(self, facts: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> None:
        """Save a state in place of the last one."""
        forms = [[array.dtype.str, array.shape] for array in arrays]
        header = json.dumps({"owner": self.owner, "facts": facts, "arrays": forms}).encode()
        # Two trainings of one case may run at once: `atomic_write` gives each a name of its own.
        with atomic_write(self.path) as unfinished, unfinished.open("wb") as file:
            file.write(HEADER_LENGTH.pack(len(header)))
            file.write(header)
            for array in arrays:
                file.write(np.ascontiguousarray(array).data)
        self._saved_at = time.monotonic()

    def remove(self) -> None:
        """Remove this run's file, the training having ended."""
        if read_owner(self.path) == self.owner:
            self.path.unlink(missing_ok=True)


class TrainingCheckpoint(TrainingCallback):
    """Save the state of a training after its epochs, and resume from the last one that this run saved.

    It is called after all other callbacks. A refit is not saved: a kill repeats it.
    """

    follows_refit = False

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Store the file that the state is written to."""
        self.checkpoint = checkpoint

    def set_state(self, state: TrainingState) -> None:
        """Store the state and load what this run saved.

        Raises:
            ResumeError: the checkpoint belongs to other rows or parameters.
        """
        super().set_state(state)
        state.restore(self.checkpoint)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Save the state, unless the last one was saved just now."""
        if self.state and self.checkpoint.due:
            self.state.save(self.checkpoint)

    def remove(self) -> None:
        """Remove the file once nothing is left to resume."""
        self.checkpoint.remove()


def read_owner(path: Path) -> str:
    """Return the run that a checkpoint belongs to; empty where there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        owner: str = json.loads(file.read(HEADER_LENGTH.unpack(file.read(HEADER_LENGTH.size))[0]))["owner"]
    return owner
