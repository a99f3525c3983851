"""Datasets that lie in the folder of a run: the catalog says `latest` there, and each run puts its own in its place."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from casebook.run_folders.folder import LATEST, RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from kedro.io import CatalogProtocol


class RunFiles:
    """Those datasets of a catalog that lie in the folder of a run."""

    def __init__(self, catalog: CatalogProtocol[Any, Any], case: str, names: Iterable[str]) -> None:
        """Find them among named ones, by their configuration."""
        self._catalog, self._case = catalog, case
        self._latest = f"data/runs/{case}/{LATEST}/"
        resolve = catalog.config_resolver.resolve_pattern  # type: ignore[attr-defined]
        found = {name: resolve(name) for name in names if not name.startswith("params:")}
        self._settings = {name: config for name, config in found.items() if any(self._places(config))}

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._settings)

    def __contains__(self, name: str) -> bool:
        """Return whether a dataset is one of them."""
        return name in self._settings

    def place(self, name: str, folder: RunFolder) -> Path:
        """Return where a dataset lies in the folder of a run."""
        found = next(iter(self._places(self._settings[name])))
        return folder.path / found.rpartition(self._latest)[2]

    def point_to(self, folder: RunFolder) -> None:
        """Let all of them lie in the folder of a run."""
        own = f"data/runs/{self._case}/{folder.run_id}/"
        with _replacing_quietly():
            for name, config in self._settings.items():
                moved = _change_texts(config, lambda text: text.replace(self._latest, own))
                self._catalog[name] = AbstractDataset.from_config(name, moved)

    def _places(self, config: Any) -> Iterator[str]:  # noqa: ANN401 - nested values
        if isinstance(config, dict):
            for value in config.values():
                yield from self._places(value)
        elif isinstance(config, str) and self._latest in config:
            yield config


def replace_parameters(catalog: CatalogProtocol[Any, Any], values: Mapping[str, Any]) -> None:
    """Replace parameters that nodes take, by their names in the catalog."""
    with _replacing_quietly():
        for name, value in values.items():
            catalog[name] = value


def _change_texts(config: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - nested values
    if isinstance(config, dict):
        return {key: _change_texts(value, change) for key, value in config.items()}
    return change(config) if isinstance(config, str) else config


@contextmanager
def _replacing_quietly() -> Iterator[None]:
    """Keep Kedro from warning of each dataset that is replaced."""
    logger = logging.getLogger("kedro.io.data_catalog")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
