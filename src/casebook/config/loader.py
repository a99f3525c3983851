"""Loading of the project's configuration, by Kedro and outside a Kedro session."""

from __future__ import annotations

import os
import tarfile
import warnings
from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import LOGGING

from casebook.config.paths import artifact_location, conf_source, raw_folder, tracking_uri

LOGGING_FILE = "logging.yml"
# Where the variants of a case lie in an environment.
VARIANTS_OF = "{case}/variants/*"

CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    # Environments and conf/local may hold a part of a case's tree; Kedro's default would drop the rest of it.
    "merge_strategy": {"parameters": "soft", "mlflow": "soft", "globals": "soft"},
    "config_patterns": {
        "mlflow": ["mlflow*", "mlflow*/**"],
        # Kedro's own, and each variant in a file of its own.
        "parameters": ["parameters*", "parameters*/**", "**/parameters*", VARIANTS_OF.format(case="**")],
    },
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
        return OmegaConfigLoader(conf_source(), env=environment, **CONFIG_LOADER_ARGS)


def read_case(case: str, environment: str = "local") -> dict[str, Any]:
    """Load the configured parameters of one case, its variants included; nothing is validated or filled in."""
    loader = open_configuration(environment)
    loader.config_patterns |= list_case_patterns(case)
    configured: dict[str, Any] = loader["parameters"][case]
    return configured


def list_case_patterns(case: str) -> dict[str, list[str]]:
    """Return the patterns of the files that configure one case."""
    own = {kind: [f"{kind}*", f"{case}/{kind}*"] for kind in ("parameters", "catalog")}
    return {**own, "parameters": [*own["parameters"], VARIANTS_OF.format(case=case)]}


def configure_logging(source: str) -> None:
    """Configure logging also where Kedro does not look: it reads `conf/logging.yml` of the current folder.

    Args:
        source: the folder or the archive of the configuration.
    """
    if "KEDRO_LOGGING_CONFIG" in os.environ or Path(source) == Path.cwd() / "conf":
        return
    content_text = load_logging_config(source)
    if content_text:
        LOGGING.configure(yaml.safe_load(content_text))


def load_logging_config(source: str) -> str:
    """Load the logging configuration of a folder, or of an archive made by `kedro package`; None without one."""
    place = Path(source)
    if place.is_file() and tarfile.is_tarfile(place):
        with tarfile.open(place) as packed:
            name = next((name for name in packed.getnames() if name.split("/")[1:] == [LOGGING_FILE]), "")
            content = packed.extractfile(name) if name else None
            return content.read().decode() if content else ""
    file = place / LOGGING_FILE
    return file.read_text() if file.is_file() else ""
