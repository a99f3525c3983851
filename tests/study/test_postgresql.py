"""A study in PostgreSQL: joined by several processes, nothing lost and nothing doubled."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from optuna.trial import TrialState

from casebook.learning.search.studies import Place, begin_study, open_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.study.conftest import Studied

pytestmark = pytest.mark.services
WORKER = Path(__file__).parents[2] / "benchmarks" / "store_trials.py"


def find_programs() -> Path:
    """Find PostgreSQL's own programs, which Debian keeps out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    place = Path(shutil.which("initdb") or (found[-1] if found else ""))
    assert place.is_file(), "PostgreSQL is not installed: apt-get install postgresql"
    return place.parent


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server on a free port, below a user of its own where the tests run as root."""
    folder = tmp_path_factory.mktemp("postgresql")
    programs = find_programs()
    # Every folder above must let that user pass.
    as_user = []
    if os.geteuid() == 0:
        for place in (folder, *folder.parents[:2]):
            place.chmod(0o755)
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    words = ["-D", str(data), "-U", "casebook", "-A", "trust"]
    subprocess.run([*as_user, str(programs / "initdb"), *words], check=True, capture_output=True, cwd=folder)
    options = [
        "-D",
        str(data),
        "-p",
        str(port),
        "-k",
        str(folder),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
    ]
    process = subprocess.Popen([*as_user, str(programs / "postgres"), *options], cwd=folder, stderr=subprocess.DEVNULL)
    address = f"postgresql://casebook@127.0.0.1:{port}/postgres"
    wait_until_it_answers(port, process)
    yield address
    process.terminate()
    process.wait(timeout=60)


def wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1)
                return
        time.sleep(0.2)
    raise AssertionError("PostgreSQL does not answer")


def begin(address: str) -> Place:
    place = open_place(address, "toy")
    begin_study(place, ["minimize"], {"space": {}}, [], lambda: "run-1")
    return place


def test_eight_processes_lose_and_double_no_trial(server: str) -> None:
    place = begin(server)
    command = [sys.executable, str(WORKER), server, "toy", "40"]
    workers = [subprocess.Popen(command) for _ in range(8)]
    assert [worker.wait(timeout=600) for worker in workers] == [0] * 8
    trials = place.load().get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 40
    assert Counter(trial.number for trial in trials) == Counter(range(40))
    assert len({trial.params["x"] for trial in trials}) == 40


def test_a_study_of_a_case_is_kept_there(server: str, run_study: Callable[..., Studied]) -> None:
    space = {"training": {"network": {"hidden": {"choice": [[8], [16]]}}}}
    study = {
        "sampler": "grid",
        "space": space,
        "workers": 2,
        "pruner": "none",
        "folds": 0,
        "seeds": 1,
        "storage": server,
    }
    found = run_study("attrition", study=study, training={"epochs": 1})
    assert found.code == 0, found.said[-3000:]
    trials = open_place(server, "attrition").load().get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    assert {run.info.status for run in found.children.values()} == {"FINISHED"}
    assert found.children[0].data.tags["optuna.storage"].startswith("postgresql://casebook@127.0.0.1:")
