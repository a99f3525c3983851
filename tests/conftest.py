"""Shared by all tests: MLflow kept in a temporary folder, real files only where they are named."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import casebook
from casebook.runtime.lazy_imports import import_deferred
from casebook.tracking.sqlite_store import create_store_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Run

pytest_plugins = ["tests.declared_fixtures", "tests.library_fixtures", "tests.processes"]
# Read once and unset: only tests marked `real` may see the user's files.
HANDED_ON = "PYTEST_CASEBOOK_RAW"  # to xdist's workers, whose environment is this process's after the unsetting
REAL_RAW = os.environ.pop("CASEBOOK_RAW", None) or os.environ.get(HANDED_ON)
if REAL_RAW is not None:
    os.environ[HANDED_ON] = REAL_RAW
ROOT = Path(__file__).parents[1]
# Busy cores shared with others can take ten times as long as free ones.
PATIENCE = 900
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
# What the tests' own process and CI set must not reach the processes of a temporary project.
UNSEEN = ("MLFLOW_", "CASEBOOK_", "PYTEST_", "KEDRO_", "TF_CPP", "PYTHONPATH", "DO_NOT_TRACK", "CI", "GITHUB_")


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


@dataclass(frozen=True)
class Project:
    """A project in a temporary folder with this project's code and configuration, and what is in its store."""

    root: Path

    @classmethod
    def create(cls, root: Path) -> Project:
        """Copy configuration and link code, as a fresh clone has them."""
        (root / "src").mkdir(parents=True)
        (root / "src" / "casebook").symlink_to(Path(casebook.__file__).parent)
        shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
        for folder in ("conf/local", "notes"):
            (root / folder).mkdir()
        for name in ("pyproject.toml", ".telemetry", ".gitignore"):
            shutil.copy(ROOT / name, root)
        return cls(root)

    def environment(self, **variables: str) -> dict[str, str]:
        """Build the environment of a user's shell: none of the tests' settings, a home of its own; empty is unset."""
        seen = {name: value for name, value in os.environ.items() if not name.startswith(UNSEEN)}
        # Without the fonts that matplotlib has found before, its first figure takes ten seconds.
        fonts = str(Path.home() / ".cache" / "matplotlib")
        home = str(self.root.parent / "home")
        found = {**seen, "HOME": home, "MPLCONFIGDIR": fonts, "COLUMNS": "160", **variables}
        return {name: value for name, value in found.items() if value}

    def start(self, *arguments: str, folder: str = ".", **variables: str) -> subprocess.Popen[str]:
        """Start `kedro` in a folder of the project."""
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("kedro")), *arguments],
            cwd=self.root / folder,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Tests that a shell runs in the background have Ctrl-C switched off, and what they start inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def kedro(self, *arguments: str, folder: str = ".", **variables: str) -> tuple[int, str]:
        """Run `kedro` to its end -> exit code, everything it said."""
        process = self.start(*arguments, folder=folder, **variables)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def wait_for(self, condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        """Wait until something is so while a process runs; fail with what it said if it ends before."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(process.communicate()[0][-3000:])
            time.sleep(0.1)

    def stop(self, process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
        """Send a signal -> the exit code, everything the process said."""
        process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    @property
    def address(self) -> str:
        """The store that the project has where nothing else is said."""
        return f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}"

    @property
    def client(self) -> MlflowClient:
        from mlflow import MlflowClient

        return MlflowClient(self.address)

    def runs(self) -> list[Run]:
        """Give the case's runs, the latest first."""
        experiment = self.client.get_experiment_by_name("redhat")
        return list(self.client.search_runs([experiment.experiment_id])) if experiment else []


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
