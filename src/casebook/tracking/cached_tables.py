"""Empty tables of MLflow's SQLite store, cached in the environment: MLflow takes seconds to create them."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from typing import TYPE_CHECKING

from casebook.config.paths import environment_cache
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger(__name__)


def cached_tables() -> Path:
    """Return the cached SQLite file in the environment with the empty tables of this version of MLflow."""
    return environment_cache() / f"mlflow-{version('mlflow')}.db"


def are_usable(kept: Path) -> bool:
    """Return whether kept tables can be used; damaged ones are removed, with a warning."""
    if not kept.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{kept.as_uri()}?mode=ro", uri=True)) as store:
            found = store.execute("PRAGMA quick_check").fetchone()[0]
            tables = store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'experiments'").fetchone()[0]
    except sqlite3.Error as error:
        found, tables = str(error), 0
    if found == "ok" and tables:
        return True
    found = "no tables" if found == "ok" else found
    LOGGER.warning("%s is damaged (%s) and is removed: MLflow makes the tables of a new store anew", kept, found)
    with suppress(OSError):
        kept.unlink()
    return False


def cache_tables(file: Path, kept: Path) -> None:
    """Cache a new store's tables without its default experiment, whose artifacts lie in this project."""
    with atomic_write(kept) as path, closing(sqlite3.connect(file)) as store, closing(sqlite3.connect(path)) as copy:
        store.backup(copy)
        with copy:
            copy.execute("DELETE FROM experiments")
