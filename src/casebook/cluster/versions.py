"""Versions of a process: a worker whose casebook or libraries are others would give other results, or break."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

import casebook

if TYPE_CHECKING:
    from collections.abc import Mapping

# Beside what casebook itself requires.
ALSO = ("dask", "distributed", "psycopg")
NONE = "none"


@cache
def list_versions() -> dict[str, str]:
    """Return the versions that must be alike: Python's, casebook's with a hash of its code, and the libraries'."""
    required = [line for line in requires("casebook") or () if "extra ==" not in line]
    names = sorted({re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in required} | set(ALSO))
    found = {"python": ".".join(map(str, sys.version_info[:2])), "casebook": f"{casebook.__version__}+{_hash_code()}"}
    return found | {name: _version_of(name) for name in names}


def describe_differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Describe what differs, name by name; nothing where all are alike."""
    names = [name for name in here if there.get(name, NONE) != here[name]]
    return ", ".join(f"{name} {there.get(name, NONE)} (here {here[name]})" for name in names)


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NONE


def _hash_code() -> str:
    """Hash the project's code, which changes without its version while it is worked on."""
    root, digest = Path(casebook.__file__).parent, hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()[:8]
