"""Kedro's settings: how configuration is merged, what `${casebook...}` means in it, and which hooks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.caching.session import CasebookSession
from casebook.cli.lazy_mlflow_commands import defer_commands
from casebook.compute.gc_tuning import raise_gc_threshold
from casebook.config.loader import CONFIG_LOADER_ARGS, CaseConfigLoader, configure_logging
from casebook.config.paths import conf_source
from casebook.config.resolved_loader import ResolvedConfigLoader, is_viewed
from casebook.runtime.lazy_imports import defer_import

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONFIG_LOADER_ARGS", "CONFIG_LOADER_CLASS", "DISABLE_HOOKS_FOR_PLUGINS", "HOOKS", "SESSION_CLASS"]


class LateHooks:
    """The hooks, imported when a session goes through them: commands that only look need no MLflow."""

    def __iter__(self) -> Iterator[object]:
        """Import the hooks, and MLflow with them."""
        from casebook.hooks import HOOKS

        return iter(HOOKS)


raise_gc_threshold()
HOOKS = LateHooks()
SESSION_CLASS = CasebookSession
# Usage data stay here, also where a user's own settings would send them. kedro-mlflow's hook is among HOOKS; its
# distribution has been named both ways.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro_mlflow", "kedro-mlflow")
CONFIG_LOADER_CLASS = ResolvedConfigLoader if is_viewed() else CaseConfigLoader


configure_logging(conf_source())
defer_commands()
# MLflow imports its half for language models too, which takes as long again.
for part in ("genai", "gateway"):
    defer_import("mlflow", part)
