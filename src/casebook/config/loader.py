"""Loading of the project's configuration, by Kedro and outside a Kedro session."""

from __future__ import annotations

import json
import os
import tarfile
import warnings
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import LOGGING

from casebook.config.paths import artifact_location, conf_source, raw_folder, tracking_uri
from casebook.config.yaml_text import ConfigurationError, read_yaml

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
        "cluster": ["cluster.yml"],
        # Kedro's own, and each variant in a file of its own.
        "parameters": ["parameters*", "parameters*/**", "**/parameters*", VARIANTS_OF.format(case="**")],
    },
    "custom_resolvers": {
        "casebook.raw": lambda case: str(raw_folder(case)),
        "casebook.tracking_uri": tracking_uri,
        "casebook.artifacts": artifact_location,
    },
}


class ConfigurationFiles:
    """The file system of a configuration, whose YAML files are read as version 1.2 has it and handed on as JSON.

    OmegaConf follows version 1.1; of JSON both read the same.
    """

    def __init__(self, files: Any) -> None:  # noqa: ANN401 - one of fsspec's
        """Keep the file system: of a folder, an archive or a store elsewhere."""
        self._files = files

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        """Return what the file system itself has."""
        return getattr(self._files, name)

    def open(self, path: str) -> BytesIO:
        """Read a file.

        Raises:
            ConfigurationError: it cannot be read, or a mapping in it has a key twice.
        """
        with self._files.open(path) as file:
            try:
                text = file.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ConfigurationError(f"{path}: it is not in UTF-8 ({error.reason}); save it so") from None
        return BytesIO(json.dumps(read_yaml(text, path)).encode())


class CaseConfigLoader(OmegaConfigLoader):
    """Kedro's loader, which reads YAML as version 1.2 has it and names two files of one environment that disagree."""

    @staticmethod
    def _initialise_filesystem_and_protocol(conf_source: str) -> tuple[Any, str]:
        files, protocol = OmegaConfigLoader._initialise_filesystem_and_protocol(conf_source)
        return ConfigurationFiles(files), protocol

    def _check_duplicates(self, key: str, config_per_file: dict[Path, Any]) -> None:
        """Refuse leaves that two files of an environment give, and a variant that two files make up together.

        Raises:
            ConfigurationError: names the files and the leaves.
        """
        try:
            super()._check_duplicates(key, config_per_file)
        except ValueError as error:
            raise ConfigurationError(f"{error}; keep each in one of the files") from None
        if key == "parameters":
            _refuse_scattered_variants(config_per_file)


def _refuse_scattered_variants(trees: dict[Path, Any]) -> None:
    """Refuse a variant of which two files of one environment state some leaves each."""
    places: dict[str, Path] = {}
    for file, tree in sorted(trees.items()):
        named = [
            f"{case}.variants.{name}"
            for case, block in tree.items()
            for name in (block.get("variants") if isinstance(block, Mapping) else None) or ()
        ]
        for name in named:
            if name in places:
                raise ConfigurationError(f"{places[name]} and {file} both state {name}: keep it in one of the files")
            places[name] = file


def open_configuration(environment: str = "local") -> OmegaConfigLoader:
    """Read `conf/base` with an environment over it."""
    with warnings.catch_warnings():
        # Kedro still calls OmegaConf by an older name.
        warnings.filterwarnings("ignore", message="register_new_resolver")
        return CaseConfigLoader(conf_source(), env=environment, **CONFIG_LOADER_ARGS)


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
