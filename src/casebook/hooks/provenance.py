"""Provenance of a run: its command and git commit."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from casebook.config.paths import project_root
from casebook.config.secrets import hide_passwords


def describe_command() -> str:
    """Return the command as it was typed, every option included (kedro-mlflow's own tag leaves some out).

    Passwords in addresses are left out.
    """
    program = Path(sys.argv[0])
    typed = ["python", "-m", program.parent.name] if program.name == "__main__.py" else [program.name]
    return hide_passwords(shlex.join([*typed, *sys.argv[1:]]))


def describe_commit() -> dict[str, str]:
    """Return `git.commit` and `git.dirty` of the project; empty where it is no git checkout."""
    try:
        commit, status = (_git("rev-parse", "HEAD"), _git("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"git.commit": commit, "git.dirty": str(bool(status)).lower()}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(project_root()), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - fixed words
