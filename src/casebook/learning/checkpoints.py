"""What it takes to continue a training that was killed: one file, written whole after each epoch."""

from __future__ import annotations

import json
import os
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LENGTH = struct.Struct("<Q")
UNFINISHED = ".unfinished-checkpoint-"


class ResumeError(ValueError):
    """A training that cannot be continued; the message says why and what to do."""


class Checkpoint:
    """The state of a training in a file, under the name of the run that it belongs to.

    Only the run that wrote it continues from it; every other one begins anew and overwrites it.
    """

    def __init__(self, path: Path, owner: str) -> None:
        """Keep where the file lies, and the id of the run."""
        self.path = path
        self.owner = owner

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
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Two trainings of one case may run at once: each writes to a name of its own.
        unfinished = self.path.with_name(f"{UNFINISHED}{os.getpid()}")
        try:
            with unfinished.open("wb") as file:
                file.write(LENGTH.pack(len(header)))
                file.write(header)
                for array in arrays:
                    file.write(np.ascontiguousarray(array).data)
            os.replace(unfinished, self.path)  # noqa: PTH105 - as in `whole`
        finally:
            unfinished.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove this run's file, the training having ended, and what killed ones were just writing."""
        if read_owner(self.path) == self.owner:
            self.path.unlink(missing_ok=True)
        for left in self.path.parent.glob(f"{UNFINISHED}*"):
            if not psutil.pid_exists(int(left.name.removeprefix(UNFINISHED))):
                left.unlink(missing_ok=True)


def read_owner(path: Path) -> str:
    """Read which run a checkpoint belongs to; nothing where there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        owner: str = json.loads(file.read(LENGTH.unpack(file.read(LENGTH.size))[0]))["owner"]
    return owner
