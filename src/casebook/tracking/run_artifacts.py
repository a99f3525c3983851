"""What a run left in MLflow, or nothing where it left none; a store that cannot be asked is an error of its own."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from casebook.config.secrets import hide_password
from casebook.tracking.sqlite_store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

# What MLflow answers where a store holds no such run.
NO_RUN = "RESOURCE_DOES_NOT_EXIST"


def look_up_run(run_id: str) -> Run | None:
    """Return a run, or None where the store holds none of this id.

    Raises:
        StoreError: the store cannot be asked.
    """
    if not run_id:
        # Of a version that was registered by hand.
        return None
    with _naming_store(run_id):
        try:
            return mlflow.get_run(run_id)
        except MlflowException as error:
            if error.error_code != NO_RUN:
                raise
    return None


def load_dict(run_id: str, name: str) -> dict[str, Any] | None:
    """Load a JSON artifact of a run, or None where the store holds no such run, or the run no such file.

    Raises:
        StoreError: the store cannot be asked, or the file not be read.
    """
    if not _has(run_id, name):
        return None
    with _naming_store(run_id):
        found: dict[str, Any] = mlflow.artifacts.load_dict(f"runs:/{run_id}/{name}")
    return found


def load_text(run_id: str, name: str) -> str | None:
    """Load a text artifact of a run, or None; see `load_dict`."""
    if not _has(run_id, name):
        return None
    with _naming_store(run_id):
        return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{name}"))


def _has(run_id: str, name: str) -> bool:
    # A file that lacks is an error of another kind in each store of artifacts; their lists are alike.
    if look_up_run(run_id) is None:
        return False
    folder = str(PurePosixPath(name).parent)
    with _naming_store(run_id):
        files = MlflowClient().list_artifacts(run_id, None if folder == "." else folder)
    return name in {file.path for file in files}


@contextmanager
def _naming_store(run_id: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Stores of artifacts raise what their libraries do: boto's, fsspec's, an ImportError.
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise StoreError(
            f"the store {hide_password(mlflow.get_tracking_uri())} cannot be asked for run {run_id} ({told}): try "
            "again when it answers, or name another one in MLFLOW_TRACKING_URI"
        ) from error
