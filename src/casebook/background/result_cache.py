"""Cache of outputs across runs: by function, code, libraries and inputs, to the bit."""

from __future__ import annotations

import hashlib
import logging
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

LOGGER = logging.getLogger(__name__)
# At the beginning of a file, the hash of the rest.
SUM_BYTES = hashlib.sha256().digest_size
# What a fitted estimator depends on besides what `hash_code` counts in.
LIBRARIES = ("lightgbm", "scikit-learn", "scipy")
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
    """Read kept outputs, each pickled; nothing where there are none, or the file is damaged, which is said."""
    file = folder / f"{key}.pickle"
    try:
        content = file.read_bytes()
        if hashlib.sha256(content[SUM_BYTES:]).digest() != content[:SUM_BYTES]:
            raise ValueError("cut off, or not what was written")
        kept: list[bytes] = pickle.loads(content[SUM_BYTES:])  # noqa: S301 - written below, in the project's own folder
        for value in kept:
            pickle.loads(value)  # noqa: S301 - as above
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - cut off, or of classes that are no more
        LOGGER.warning("%s cannot be read (%s): what it held is computed anew", file, error)
        return None
    with suppress(OSError):
        file.touch()
    return kept


def keep(folder: Path, key: str, outputs: list[bytes]) -> None:
    """Store outputs; a full disk or a read-only folder stores none."""
    with suppress(OSError):
        with atomic_write(folder / f"{key}.pickle") as path:
            content = pickle.dumps(outputs)
            path.write_bytes(hashlib.sha256(content).digest() + content)
        files = sorted(folder.glob("[!.]*.pickle"), key=lambda file: file.stat().st_mtime)
        for file in files[:-MAX_CACHED_FILES]:
            file.unlink(missing_ok=True)
