"""Creating MLflow's SQLite store and its experiments once, whoever comes first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

PREFIX = "sqlite:///"


def create_store_once(uri: str) -> None:
    """Create the store's tables under a lock: two processes that start on a fresh file would break each other's.

    Args:
        uri: MLflow's tracking address; only SQLite files need this.
    """
    if not uri.startswith(PREFIX):
        return
    file = Path(uri.removeprefix(PREFIX))
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if not is_complete(file):
            from mlflow import MlflowClient

            MlflowClient(tracking_uri=uri).search_experiments(max_results=1)


def set_up_experiment(context: KedroContext) -> None:
    """Let kedro-mlflow set up the experiment that it was told of, which another launch may be making just now."""
    from mlflow.exceptions import MlflowException

    try:
        context.mlflow.setup(context)  # type: ignore[attr-defined]
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        context.mlflow.setup(context)  # type: ignore[attr-defined]


def is_complete(file: Path) -> bool:
    """Tell whether the tables are there; the default experiment is the last thing that MLflow writes."""
    if not file.exists():
        return False
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'experiments'").fetchone()[0]
        return bool(tables and connection.execute("SELECT count(*) FROM experiments").fetchone()[0])
