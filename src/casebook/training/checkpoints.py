"""What it takes to continue a training that was killed: one file, written whole between two epochs."""

from __future__ import annotations

import json
import math
import struct
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.runtime.atomic_files import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LENGTH = struct.Struct("<Q")


class ResumeError(ValueError):
    """A training that cannot be continued; the message says why and what to do."""


class Checkpoint:
    """The state of a training in a file, under the name of the run that it belongs to.

    Only the run that wrote it continues from it; every other one begins anew and overwrites it.
    """

    def __init__(self, path: Path, owner: str, pause: float = 0.0) -> None:
        """Keep where the file lies, the id of the run, and the seconds within which no second state is kept."""
        self.path = path
        self.owner = owner
        self._pause, self._kept = pause, -math.inf

    @property
    def due(self) -> bool:
        """Whether the last state was kept long enough ago."""
        return time.monotonic() - self._kept >= self._pause

    def load(self) -> tuple[dict[str, Any], list[np.ndarray]] | None:
        """Read the facts and arrays that this run kept last; nothing when it kept none."""
        if read_owner(self.path) != self.owner:
            return None
        with self.path.open("rb") as file:
            header = json.loads(file.read(LENGTH.unpack(file.read(LENGTH.size))[0]))
            arrays = [
                np.frombuffer(file.read(np.dtype(kind).itemsize * int(np.prod(shape))), kind).reshape(shape)
                for kind, shape in header["arrays"]
            ]
        return header["facts"], arrays

    def save(self, facts: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> None:
        """Keep a state in place of the last one."""
        forms = [[array.dtype.str, array.shape] for array in arrays]
        header = json.dumps({"owner": self.owner, "facts": facts, "arrays": forms}).encode()
        # Two trainings of one case may run at once: `written_whole` gives each a name of its own.
        with written_whole(self.path) as unfinished, unfinished.open("wb") as file:
            file.write(LENGTH.pack(len(header)))
            file.write(header)
            for array in arrays:
                file.write(np.ascontiguousarray(array).data)
        self._kept = time.monotonic()

    def remove(self) -> None:
        """Remove this run's file, the training having ended."""
        if read_owner(self.path) == self.owner:
            self.path.unlink(missing_ok=True)


def read_owner(path: Path) -> str:
    """Read which run a checkpoint belongs to; nothing where there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        owner: str = json.loads(file.read(LENGTH.unpack(file.read(LENGTH.size))[0]))["owner"]
    return owner
