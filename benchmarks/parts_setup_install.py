"""The measured set-up of a fresh machine: `make install` beside pip from the same lock."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from parts import ROOT
from processes import measure_command

if TYPE_CHECKING:
    from pathlib import Path

    from processes import Measurement

Figures = dict[str, Any]

PIP = "pip==26.3"
COPIED = ("Makefile", "tools", "src", "pyproject.toml", "README.md", "requirements.lock", "requirements-uv.txt")


def measure_install(scratch: Path) -> Figures:
    """Measure both ways, first with an empty cache, then with the cache that this left.

    Returns:
        Seconds by way (`pip`, `casebook`) and cache (`empty`, `full`).
    """
    found: Figures = {"pip": {}, "casebook": {}}
    for cache in ("empty", "full"):
        found["pip"][cache] = install_by_pip(scratch).seconds
        found["casebook"][cache] = install_by_make(scratch).seconds
    shutil.rmtree(scratch)
    return found


def install_by_pip(scratch: Path) -> Measurement:
    """Install the lock by a current pip into a fresh environment; making that is not measured."""
    venv, environment = scratch / "venv", caches(scratch)
    shutil.rmtree(venv, ignore_errors=True)
    log = scratch / "pip.log"
    measure_command([sys.executable, "-m", "venv", str(venv)], scratch, environment, log)
    measure_command([str(venv / "bin" / "pip"), "install", "--quiet", PIP], scratch, dict(os.environ), log)
    command = [str(venv / "bin" / "pip"), "install", "--quiet", "--require-hashes"]
    return measure_command([*command, "--requirement", str(ROOT / "requirements.lock")], scratch, environment, log)


def install_by_make(scratch: Path) -> Measurement:
    """Set up a copy of the project, from the environment's creation to the project's own installation."""
    project = scratch / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, project / name)
    command = ["make", "install", f"PYTHON={sys.executable}"]
    return measure_command(command, project, caches(scratch), scratch / "make.log")


def caches(scratch: Path) -> dict[str, str]:
    """Return the environment with the caches of both ways in a folder of their own."""
    own = {"PIP_CACHE_DIR": str(scratch / "pip-cache"), "UV_CACHE_DIR": str(scratch / "uv-cache")}
    return {**os.environ, **own}
