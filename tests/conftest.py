"""Shared by all tests: MLflow kept in a temporary folder, real files only where they are named."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.project import Project

from casebook.runtime.lazy_imports import import_deferred
from casebook.tracking.sqlite_store import create_store_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.entities import Run

pytest_plugins = ["tests.declared_fixtures", "tests.library_fixtures", "tests.processes"]
# Read once and unset: only tests marked `real` may see the user's files.
HANDED_ON = "PYTEST_CASEBOOK_RAW"  # to xdist's workers, whose environment is this process's after the unsetting
REAL_RAW = os.environ.pop("CASEBOOK_RAW", None) or os.environ.get(HANDED_ON)
if REAL_RAW is not None:
    os.environ[HANDED_ON] = REAL_RAW
# As many processes as cores run at once, and threads that wait for a busy core take longer than none. Libraries read
# these when they are imported.
SINGLE = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
os.environ.update(SINGLE)
# Workers and whole runs read the same modules again and again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# For processes that must share the cores as a user's do.
ALL_CORES = dict.fromkeys(SINGLE, "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here: real files that nobody named, servers and browsers that nobody asked for."""
    unwanted = {"browser", "services"} - {config.getoption("markexpr")}
    if REAL_RAW is None:
        unwanted.add("real")
    left_out = [item for item in items if unwanted & {mark.name for mark in item.iter_markers()}]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without runs, made once: creating its tables takes MLflow seconds."""
    # The settings of the project, which a test's module imports, defer what a store imports in a circle.
    import_deferred()
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    create_store_once(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def store_of_a_test(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test gets a copy of; SQLite takes longer to change a copy than to make one."""
    file = Path(shutil.copy(empty_store, tmp_path_factory.mktemp("store")))
    with closing(sqlite3.connect(file)) as store, store:
        # MLflow would put artifacts below the current folder.
        store.execute("UPDATE experiments SET artifact_location = ?", [str(file.with_name("artifacts"))])
    return file


@pytest.fixture(autouse=True)
def isolated_stores(store_of_a_test: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put MLflow's store into a temporary folder and end runs that a test left open."""
    # Here, so that the process that only deals out tests need not wait for it.
    import mlflow

    folder = tmp_path.with_name(f"{tmp_path.name}-mlflow")
    folder.mkdir()
    shutil.copy(store_of_a_test, folder)
    address = f"sqlite:///{folder / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    mlflow.set_tracking_uri(address)
    # What an earlier test of the same process chose is an experiment of that test's store.
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    # A run that is opened in the tests' own process has no thread of system metrics; those of real processes have.
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    yield
    while mlflow.active_run():
        mlflow.end_run()
    shutil.rmtree(folder)
    shutil.rmtree(store_of_a_test.with_name("artifacts"), ignore_errors=True)


@pytest.fixture(scope="session")
def ended_process() -> int:
    """Give the number of a process that is over."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


@pytest.fixture(scope="session")
def real_raw() -> Path:
    """The folder that CASEBOOK_RAW named when the tests were started."""
    assert REAL_RAW is not None
    return Path(REAL_RAW).absolute()


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make projects in which nothing has run."""
    return lambda: Project.create(tmp_path_factory.mktemp("project") / "project")


@dataclass(frozen=True)
class Finished:
    """A whole run of the smallest configuration, started in a subfolder of its project."""

    project: Project
    command: tuple[str, ...]
    commit: str | None
    code: int
    said: str
    run: Run


@pytest.fixture(scope="session")
def finished(new_project: Callable[[], Project]) -> Finished:
    """Run the pipeline once for all tests that only look at what it left."""
    project = new_project()
    commit = _commit(project)
    given = "redhat.training.optimizer.learning_rate=0.003,redhat.evaluation.head_rows=7"
    command = ("run", "--pipeline=redhat", "--env", "test", "--params", given)
    code, said = project.kedro(*command, folder="notes", **ALL_CORES)
    assert code == 0, said[-5000:]
    return Finished(project, command, commit, code, said, project.runs()[0])


def _commit(project: Project) -> str | None:
    """Make the project a git checkout, where there is git."""
    if shutil.which("git") is None:
        return None
    words = [["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Begin"], ["rev-parse", "HEAD"]]
    author = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    for word in words:
        done = subprocess.run(
            ["git", *author, *word],
            cwd=project.root,
            env=project.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.strip()
