"""Cache of outputs across runs: by function, code, libraries and inputs, to the bit."""

from __future__ import annotations

import hashlib
import os
import pickle
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from casebook.caching.code_hash import hash_code
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# What a fitted estimator depends on besides what `hash_code` counts in.
LIBRARIES = ("scikit-learn", "scipy")
# Variants are run in turn; the least recently used outputs are removed.
MAX_CACHED_FILES = 4


class Digest:
    """A file object that only hashes what is written to it."""

    def __init__(self) -> None:
        """Initialise the hash."""
        self.hash = hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Hash some bytes."""
        self.hash.update(content)
        return len(content)


def fingerprint(function: Callable[..., Any], inputs: Sequence[Any]) -> str:
    """Hash all that the outputs of a pure function depend on; the content of its inputs, wherever that lies."""
    digest = Digest()
    # The threads of products of matrices decide the order of their sums.
    facts = [hash_code(function), *(f"{name} {version(name)}" for name in LIBRARIES), str(os.cpu_count())]
    digest.write("\n".join(facts).encode())
    pickle.Pickler(digest, protocol=5).dump(list(inputs))
    return digest.hash.hexdigest()[:32]


def find(folder: Path, key: str) -> list[bytes] | None:
    """Load cached outputs, each pickled; None where there are none, or the file is damaged."""
    file = folder / f"{key}.pickle"
    try:
        kept: list[bytes] = pickle.loads(file.read_bytes())  # noqa: S301 - written below, in the project's own folder
        for value in kept:
            pickle.loads(value)  # noqa: S301 - as above
    except Exception:  # noqa: BLE001 - not there, cut off, or of classes that are no more: all is computed anew
        return None
    with suppress(OSError):
        file.touch()
    return kept


def keep(folder: Path, key: str, outputs: list[bytes]) -> None:
    """Store outputs; a full disk or a read-only folder stores none."""
    with suppress(OSError):
        with atomic_write(folder / f"{key}.pickle") as path:
            path.write_bytes(pickle.dumps(outputs))
        files = sorted(folder.glob("[!.]*.pickle"), key=lambda file: file.stat().st_mtime)
        for file in files[:-MAX_CACHED_FILES]:
            file.unlink(missing_ok=True)
