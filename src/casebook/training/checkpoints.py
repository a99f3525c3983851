"""Checkpoints: the state that resumes a killed training, in one file that is written atomically between two epochs."""

from __future__ import annotations

import json
import logging
import math
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.runtime.atomic_files import atomic_write
from casebook.training.callbacks import TrainingCallback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from casebook.training.state import TrainingState

LOGGER = logging.getLogger(__name__)
# The length in bytes of the header, little-endian.
LENGTH = struct.Struct("<Q")
# Of all before it, at the end.
CHECKSUM = struct.Struct("<I")


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
        """Load the facts and arrays that this run wrote last; nothing when it wrote none, or they are damaged."""
        found = read_checkpoint(self.path)
        return (found[1], found[2]) if found and found[0] == self.owner else None

    def save(self, facts: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> None:
        """Save a state in place of the last one."""
        forms = [[array.dtype.str, array.shape] for array in arrays]
        header = json.dumps({"owner": self.owner, "facts": facts, "arrays": forms}).encode()
        checksum = 0
        with atomic_write(self.path) as unfinished, unfinished.open("wb") as file:
            contents: list[bytes | memoryview] = [LENGTH.pack(len(header)), header]
            contents += [np.ascontiguousarray(array).reshape(-1).view(np.uint8).data for array in arrays if array.size]
            for content in contents:
                file.write(content)
                checksum = zlib.crc32(content, checksum)
            file.write(CHECKSUM.pack(checksum))
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


class KeptCheckpoint(TrainingCheckpoint):
    """A checkpoint that outlives its training: a run that is killed after it goes on from the last epoch."""

    def remove(self) -> None:
        """Leave the file to the run, which removes it when it has finished."""


def read_owner(path: Path) -> str:
    """Read which run a checkpoint belongs to; nothing where there is none, or it is damaged, which is said."""
    found = read_checkpoint(path)
    return found[0] if found else ""


def read_progress(path: Path) -> list[dict[str, float]]:
    """Read the history of a checkpoint, a row an epoch; nothing where there is none, or it is damaged."""
    found = read_checkpoint(path)
    return found[1].get("history", []) if found else []


def read_checkpoint(path: Path) -> tuple[str, dict[str, Any], list[np.ndarray]] | None:
    """Read a checkpoint: owner, facts and arrays; nothing where there is none, or it is damaged, which is said."""
    try:
        return _parse(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, struct.error) as error:
        LOGGER.warning("%s is damaged (%s) and counts for nothing: remove it; that training begins anew", path, error)
        return None


def _parse(content: bytes) -> tuple[str, dict[str, Any], list[np.ndarray]]:
    whole, (checksum,) = content[: -CHECKSUM.size], CHECKSUM.unpack(content[-CHECKSUM.size :])
    if zlib.crc32(whole) != checksum:
        raise ValueError("cut off, or not what was written")
    (length,) = LENGTH.unpack_from(whole)
    place = LENGTH.size + length
    header, arrays = json.loads(whole[LENGTH.size : place]), []
    for kind, shape in header["arrays"]:
        size = np.dtype(kind).itemsize * math.prod(shape)
        arrays.append(np.frombuffer(whole[place : place + size], kind).reshape(shape))
        place += size
    return header["owner"], header["facts"], arrays
