"""Kedro's settings: how configuration is merged, what `${casebook...}` means in it, and which hooks run."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import LOGGING

from casebook.deferral import defer_import
from casebook.locations import artifact_location, project_root, raw_folder, tracking_uri


def load_hooks() -> tuple[object, ...]:
    """Import the hooks, and MLflow with them, but not its half for language models, which takes as long again."""
    for part in ("genai", "gateway"):
        defer_import("mlflow", part)
    # Importing makes some 100,000 objects that all stay; looking for garbage among them takes a fifth of the start.
    gc.disable()
    try:
        from casebook.hooks import HOOKS

        return HOOKS
    finally:
        gc.enable()


HOOKS = load_hooks()
# Usage data stay here, also where a user's own settings would send them.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    # Environments and conf/local may hold a part of a case's tree; Kedro's default would drop the rest of it.
    "merge_strategy": {"parameters": "soft", "mlflow": "soft", "globals": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**"]},
    "custom_resolvers": {
        "casebook.raw": lambda case: str(raw_folder(case)),
        "casebook.tracking_uri": tracking_uri,
        "casebook.artifacts": artifact_location,
    },
}


def use_project_logging() -> None:
    """Log as conf/logging.yml says in the project's subfolders too, where Kedro does not look for that file."""
    file = project_root() / "conf" / "logging.yml"
    if "KEDRO_LOGGING_CONFIG" not in os.environ and Path.cwd() != project_root() and file.exists():
        LOGGING.configure(yaml.safe_load(file.read_text()))


use_project_logging()
