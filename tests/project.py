"""A project in a temporary folder, in which tests run commands as a user would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import casebook
from forked_commands import ForkedProgram, ForkServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import Run

ROOT = Path(__file__).parents[1]
# Busy cores shared with others can take ten times as long as free ones.
PATIENCE = 900
# What the tests' own process and CI set must not reach the processes of a temporary project.
UNSEEN = ("MLFLOW_", "CASEBOOK_", "PYTEST_", "KEDRO_", "TF_CPP", "PYTHONPATH", "DO_NOT_TRACK", "CI", "GITHUB_")
Command = subprocess.Popen[str] | ForkedProgram


@cache
def fork_server() -> ForkServer:
    """Start what the commands of all projects are forked from."""
    # Libraries leave settings in a home, which belongs to none of the projects.
    return ForkServer(Project(ROOT).environment(HOME=os.devnull))


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

    def start(self, *arguments: str, folder: str = ".", forked: bool = True, **variables: str) -> Command:
        """Start `kedro` in a folder of the project.

        Args:
            arguments: its words.
            folder: where in the project it runs.
            forked: whether a fork of a process that has imported the libraries will do. Training, study, prediction and
                update each run in a new process somewhere, and so does what has an environment that libraries may read
                when they are imported.
            variables: what its environment holds besides.
        """
        command, environment = [str(Path(sys.executable).with_name("kedro")), *arguments], self.environment(**variables)
        if forked and (server := fork_server()).fits(environment):
            return server.start(command, self.root / folder, environment)
        return subprocess.Popen(
            command,
            cwd=self.root / folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Tests that a shell runs in the background have Ctrl-C switched off, and what they start inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def kedro(self, *arguments: str, folder: str = ".", forked: bool = True, **variables: str) -> tuple[int, str]:
        """Run `kedro` to its end -> exit code, everything it said."""
        process = self.start(*arguments, folder=folder, forked=forked, **variables)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def wait_for(self, condition: Callable[[], bool], process: Command) -> None:
        """Wait until something is so while a process runs; fail with what it said if it ends before."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(process.communicate()[0][-3000:])
            time.sleep(0.1)

    def stop(self, process: Command, number: signal.Signals) -> tuple[int, str]:
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
