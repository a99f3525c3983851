"""How the project's configuration is read, by Kedro and by whatever reads it beside a Kedro session."""

from __future__ import annotations

import warnings
from typing import Any

from kedro.config import OmegaConfigLoader

from casebook.locations import artifact_location, project_root, raw_folder, tracking_uri

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


def open_configuration(environment: str = "local") -> OmegaConfigLoader:
    """Read `conf/base` with an environment over it."""
    with warnings.catch_warnings():
        # Kedro still calls OmegaConf by an older name.
        warnings.filterwarnings("ignore", message="register_new_resolver")
        return OmegaConfigLoader(str(project_root() / "conf"), env=environment, **CONFIG_LOADER_ARGS)
