"""Kedro's settings: how configuration is merged, what `${casebook...}` means in it, and which hooks run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import LOGGING

from casebook.commands import defer_commands
from casebook.configuration import CONFIG_LOADER_ARGS
from casebook.deferral import defer_import
from casebook.learning.garbage import collect_rarely
from casebook.locations import project_root
from casebook.reuse.session import CasebookSession

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONFIG_LOADER_ARGS", "CONFIG_LOADER_CLASS", "DISABLE_HOOKS_FOR_PLUGINS", "HOOKS", "SESSION_CLASS"]


class LateHooks:
    """The hooks, imported when a session goes through them: commands that only look need no MLflow."""

    def __iter__(self) -> Iterator[object]:
        """Import the hooks, and MLflow with them."""
        from casebook.hooks import HOOKS

        return iter(HOOKS)


collect_rarely()
HOOKS = LateHooks()
SESSION_CLASS = CasebookSession
# Usage data stay here, also where a user's own settings would send them. kedro-mlflow's hook is among HOOKS; its
# distribution has been named both ways.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro_mlflow", "kedro-mlflow")
CONFIG_LOADER_CLASS = OmegaConfigLoader


def use_project_logging() -> None:
    """Log as conf/logging.yml says in the project's subfolders too, where Kedro does not look for that file."""
    file = project_root() / "conf" / "logging.yml"
    if "KEDRO_LOGGING_CONFIG" not in os.environ and Path.cwd() != project_root() and file.exists():
        LOGGING.configure(yaml.safe_load(file.read_text()))


use_project_logging()
defer_commands()
# MLflow imports its half for language models too, which takes as long again.
for part in ("genai", "gateway"):
    defer_import("mlflow", part)
