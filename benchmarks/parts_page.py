"""Measured part of what a person looks at: a run's page, and the page of the server."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from casebook.runtime.ports import free_port
from parts import clean_environment, copy_project, find_run, program
from parts_setup_ui import wait_for
from processes import measure_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Figures = dict[str, Any]

CASE = "pima"
REPORTS, STARTS, ANSWERS = 3, 7, 200
LOOKED_EVERY_SECONDS = 0.01
# Makes the page as a run does once it has ended, imports included.
REPORT = """
import sys, time
from casebook.config.paths import tracking_uri
from casebook.tracking.run_search import open_store
open_store(tracking_uri())
start = time.perf_counter()
from casebook.tracking.run_reports import write_report
write_report(sys.argv[1])
print(time.perf_counter() - start)
"""
# The server as it was before it had a page: its module is never imported.
WITHOUT_PAGE = """
import sys, types
from fastapi import APIRouter
routes = types.ModuleType("casebook.serving.page.routes")
routes.Page = lambda *_: types.SimpleNamespace(make_router=APIRouter)
sys.modules[routes.__name__] = routes
"""
SERVE = """
import sys
sys.argv = ["casebook", "serve", *sys.argv[1:]]
from casebook.cli.program import program
program()
"""


class Start(NamedTuple):
    """What a server takes up to its first answer: seconds that pass, and seconds of its process on a core."""

    seconds: float
    cpu: float


def measure_page(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Measure pima's default: its report, the server's start with and without the page, and answers of the form."""
    project = copy_project(scratch / "project")
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src")}
    measure_command([program("kedro"), "run", f"--pipeline={CASE}"], project, environment, scratch / "run.log")
    run_id = find_run(project, CASE).info.run_id
    page = project / "data" / "runs" / CASE / run_id / "08_reporting" / "report.html"
    reports = [
        float(subprocess.check_output([sys.executable, "-c", REPORT, run_id], cwd=project, env=environment, text=True))
        for _ in range(REPORTS)
    ]
    starts: dict[str, list[Start]] = {"with": [], "without": []}
    answers: list[float] = []
    for number in range(2 * STARTS):
        kind = ("with", "without")[number % 2]
        with serving(project, environment, WITHOUT_PAGE * (kind == "without"), scratch / "serve.log") as (
            port,
            seconds,
        ):
            starts[kind].append(seconds)
            if number == 0:
                answers = time_answers(port, project, run_id)
    return {
        "report_seconds": statistics.median(reports),
        "report_bytes": page.stat().st_size,
        "start_seconds": {kind: statistics.median(start.seconds for start in found) for kind, found in starts.items()},
        "start_cpu_seconds": {kind: statistics.median(start.cpu for start in found) for kind, found in starts.items()},
        "answer_ms": 1000 * statistics.median(answers),
    }


@contextmanager
def serving(project: Path, environment: Figures, before: str, log: Path) -> Iterator[tuple[int, Start]]:
    """Serve the champion for as long as the block lasts; yields the port and what the start took."""
    port = free_port()
    command, start = [sys.executable, "-c", before + SERVE, CASE, "--port", str(port)], time.perf_counter()
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_for(process, f"http://127.0.0.1:{port}/health", LOOKED_EVERY_SECONDS)
            used = psutil.Process(process.pid).cpu_times()
            yield port, Start(time.perf_counter() - start, used.user + used.system)
        finally:
            process.terminate()
            process.wait()


def time_answers(port: int, project: Path, run_id: str) -> list[float]:
    """Send rows as the form does, one after another, and time each answer with its contributions, in seconds."""
    import pandas as pd

    rows = pd.read_parquet(project / "data" / "runs" / CASE / run_id / "03_primary" / "example_rows.parquet")
    records = json.loads(rows.to_json(orient="records"))
    connection, found = http.client.HTTPConnection("127.0.0.1", port), []
    for number in range(ANSWERS):
        body = json.dumps({"row": records[number % len(records)]})
        start = time.perf_counter()
        connection.request("POST", "/answer", body)
        response = connection.getresponse()
        content = json.loads(response.read())
        found.append(time.perf_counter() - start)
        if response.status != http.client.OK or not content["contributions"]:
            raise RuntimeError(f"the form got {response.status}: {content}")
    return found


PAGE_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {"page": measure_page}
