"""Runs that were left RUNNING because their process was killed: found by their process, and ended as KILLED."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.runtime.processes import ProcessIdentity, this_process
from casebook.tracking.sqlite_store import SQLITE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The tag's name goes on with host and number: several processes may work at one study.
PROCESS_TAG = "process."
PARENT_TAG = "mlflow.parentRunId"
KILLED = "its process was killed"


def process_tags() -> dict[str, str]:
    """Return the tag by which a later command can tell whether the process of a run is gone."""
    process = this_process()
    host = re.sub(r"[^\w-]", "-", process.host)
    return {f"{PROCESS_TAG}{host}.{process.pid}": json.dumps(process.describe())}


@contextmanager
def tagging_new_runs() -> Iterator[None]:
    """Let MLflow give runs that it opens meanwhile the tag of their process from the first moment on."""
    from mlflow.environment_variables import MLFLOW_RUN_CONTEXT

    given = os.environ.get(MLFLOW_RUN_CONTEXT.name)
    os.environ[MLFLOW_RUN_CONTEXT.name] = json.dumps({**json.loads(given or "{}"), **process_tags()})
    try:
        yield
    finally:
        if given is None:
            del os.environ[MLFLOW_RUN_CONTEXT.name]
        else:
            os.environ[MLFLOW_RUN_CONTEXT.name] = given


def close_left_running(uri: str, case: str | None = None) -> list[str]:
    """End the open runs whose processes are gone on this machine, trials and folds among them.

    Args:
        uri: MLflow's tracking address.
        case: whose runs; those of all where none is named.

    Returns:
        Their ids.
    """
    if uri.startswith(SQLITE_PREFIX) and not _any_running(Path(uri.removeprefix(SQLITE_PREFIX))):
        return []
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiments = client.search_experiments(filter_string=f"name = '{case}'" if case else None)
    running = client.search_runs([each.experiment_id for each in experiments], "attributes.status = 'RUNNING'")
    tags = {run.info.run_id: run.data.tags for run in running}
    closed = [run_id for run_id, own in tags.items() if _is_gone(own, tags.get(own.get(PARENT_TAG, ""), {}))]
    for run_id in closed:
        client.set_tag(run_id, "error", KILLED)
        client.set_terminated(run_id, "KILLED")
    return closed


def _is_gone(tags: Mapping[str, str], parent: Mapping[str, str]) -> bool:
    """Return whether all processes that work at a run are gone; one that names none goes with its parent's."""
    for named in (tags, parent):
        values = [value for name, value in named.items() if name.startswith(PROCESS_TAG)]
        if values:
            processes = [ProcessIdentity.of(_read(value)) for value in values]
            return all(process is not None and process.gone for process in processes)
    return False


def _read(text: str) -> Any:  # noqa: ANN401 - whatever somebody wrote into a tag
    try:
        return json.loads(text)
    except ValueError:
        return None


def _any_running(file: Path) -> bool:
    """Look into the store itself: MLflow takes twenty times as long to answer that there is none."""
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as store:
            return bool(store.execute("SELECT 1 FROM runs WHERE status = 'RUNNING' LIMIT 1").fetchone())
    except sqlite3.Error:
        # Locked, say: MLflow waits for its turn.
        return True
