"""Measured part of the set-up: what `make ui` takes while somebody looks at runs."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil

from casebook.runtime.ports import free_port
from parts import clean_environment, copy_project, program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Figures = dict[str, Any]

EXPERIMENT = "ui"
START_SECONDS, REQUEST_SECONDS, LOOKED_EVERY_SECONDS = 300, 60, 0.2
# A model's run has about so many metrics, each a chart.
RUN_METRICS = 60


def measure_ui(scratch: Path) -> Figures:
    """Start the UI as `make ui` does on a store with a run, look at what its pages ask for, and measure its processes.

    Returns:
        `pss_bytes`, the proportional set sizes of the process tree when all pages were answered, and `processes`.
    """
    project = copy_project(scratch / "project")
    (project / "conf" / "local").mkdir(parents=True, exist_ok=True)
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src")}
    port = free_port()
    with (scratch / "ui.log").open("wb") as log:
        server = subprocess.Popen(
            [program("casebook"), "ui", "--port", str(port)], cwd=project, env=environment, stdout=log, stderr=log
        )
        try:
            look(server, f"http://127.0.0.1:{port}")
            tree = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
            return {"pss_bytes": sum(each.memory_full_info().pss for each in tree), "processes": len(tree)}
        finally:
            # MLflow ends its server when it is asked to.
            server.terminate()
            server.wait()


def look(server: subprocess.Popen[bytes], address: str) -> None:
    """Make a run and ask for what the page, the list of experiments, that of runs and the page of a run ask for."""
    wait_for(server, f"{address}/")
    api = f"{address}/ajax-api/2.0/mlflow"
    experiment = ask(f"{api}/experiments/create", {"name": EXPERIMENT})["experiment_id"]
    run = ask(f"{api}/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    for number in range(RUN_METRICS):
        point = {"run_id": run, "key": f"train/metric_{number}", "value": 1.0, "timestamp": 0, "step": number}
        ask(f"{api}/runs/log-metric", point)
    ask(f"{api}/experiments/search", {"max_results": 25})
    ask(f"{api}/runs/search", {"experiment_ids": [experiment], "max_results": 100})
    found = ask(f"{api}/runs/get?run_id={run}")["run"]["data"]["metrics"]
    if len(found) != RUN_METRICS:
        raise RuntimeError(f"the run's page shows {len(found)} of {RUN_METRICS} metrics")


def wait_for(server: subprocess.Popen[bytes], address: str, looked_every_seconds: float = LOOKED_EVERY_SECONDS) -> None:
    """Wait until the server answers.

    Raises:
        RuntimeError: it ended, or does not answer in time.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=REQUEST_SECONDS):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(looked_every_seconds)
    raise RuntimeError(f"the UI did not answer at {address} in {START_SECONDS} s (it ended with {server.returncode})")


def ask(address: str, body: Mapping[str, Any] | None = None) -> Figures:
    """Call MLflow's API: a body is sent as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as answer:  # noqa: S310
        found: Figures = json.load(answer)
        return found
