"""Relocation of a store whose project was moved or copied: the absolute paths that MLflow keeps in it are rewritten."""

from __future__ import annotations

from contextlib import closing
from sqlite3 import connect
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from casebook.config.paths import ARTIFACTS

if TYPE_CHECKING:
    from pathlib import Path
    from sqlite3 import Connection

# What MLflow, or a person who reads a run's page, follows to a file.
COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
    ("datasets", "dataset_source"),
    ("tags", "value"),
)
OWN_FOLDERS = ("/mlruns", "/data")
FILE = "file://"
# How a column begins that holds a path: MLflow's two ways, Optuna's, and that of a run's data sets.
PATH_PREFIXES = ("{path}", FILE + "{quoted}", "journal:///{path}", '{{"uri": "{path}')


def read_location(file: Path) -> str:
    """Read where the store's first experiment keeps artifacts; empty before MLflow has made it, which it does last.

    It is MLflow's default experiment. `relocate_store` lets it lie in the project, so that it tells which one.
    """
    if not file.exists():
        return ""
    with closing(connect(file)) as store:
        if not store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'experiments'").fetchone()[0]:
            return ""
        found = _locations(store)
        return found[0] if found else ""


def relocate_store(file: Path, root: Path) -> None:
    """Rewrite a store's paths from the folder that its project lay in to another, all of them or none.

    Args:
        file: the SQLite file, which nobody else may be relocating.
        root: folder in which the project lies now.
    """
    with closing(connect(file)) as store, store:
        former = next((root for root in map(_project_of, _locations(store)) if root is not None), None)
        if former is not None and former != _strip_slash(root):
            _rewrite(store, former, _strip_slash(root))
        # MLflow puts it below the folder that was current when the store was made.
        store.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0", [(root / ARTIFACTS).as_uri()]
        )


def _rewrite(store: Connection, former: str, present: str) -> None:
    """Replace a leading folder of paths; a folder whose name only begins alike is left."""
    # All else on a machine lies in the topmost folder too.
    for inside in ("",) if former else OWN_FOLDERS:
        for prefix in PATH_PREFIXES:
            old, new = (prefix.format(path=root + inside, quoted=quote(root + inside)) for root in (former, present))
            for table, column in COLUMNS:
                store.execute(
                    f"UPDATE {table} SET {column} = :new || substr({column}, length(:old) + 1) "  # noqa: S608 - our names
                    f"WHERE {column} = :old OR substr({column}, 1, length(:old) + 1) = :old || '/'",
                    {"old": old, "new": new},
                )


def _locations(store: Connection) -> list[str]:
    found = store.execute("SELECT artifact_location FROM experiments ORDER BY experiment_id").fetchall()
    return [location or "" for (location,) in found]


def _project_of(location: str) -> str | None:
    """Return the project that a folder of artifacts lies in; None for another layout."""
    path = unquote(location.removeprefix(FILE)) if location.startswith(FILE) else location
    ending = f"/{ARTIFACTS.as_posix()}"
    return path.removesuffix(ending) if path.endswith(ending) else None


def _strip_slash(root: Path) -> str:
    """Return a folder without the slash that only the topmost one ends with."""
    return str(root).rstrip("/")
