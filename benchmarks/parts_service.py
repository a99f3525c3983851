"""Measured parts of a model in use: scoring a file, and answering over HTTP."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from casebook.runtime.atomic_files import atomic_write
from parts import CASE, clean_environment, copy_project, find_run, list_runs, program
from processes import measure_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Figures = dict[str, Any]

PORT, TIMES = 5077, 10
ONE_BY_ONE, BATCHES, BATCH = 1000, 60, 1000
CLIENTS, LOAD_SECONDS, MALFORMED = 16, 60, 10
PATIENCE = 120


def measure_predict(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Score the file of new rows, and one ten times as long; rates are from the first byte read to the last written."""
    project = project_with_champion(raw, scratch.parent / "service")
    return {"once": score(project, raw, scratch, "act_test.csv"), "ten_times": score(project, raw, scratch, many(raw))}


def many(raw: Path) -> str:
    """Write the file of new rows ten times over, unless it is there."""
    name = f"act_test_{TIMES}.csv"
    if not (raw / CASE / name).exists():
        header, _, rows = (raw / CASE / "act_test.csv").read_bytes().partition(b"\n")
        with atomic_write(raw / CASE / name) as path, path.open("wb") as file:
            file.write(header + b"\n")
            for _ in range(TIMES):
                file.write(rows)
    return name


def score(project: Path, raw: Path, scratch: Path, file: str) -> Figures:
    """Run `redhat_predict` on a file."""
    given = f"{CASE}.predict.file={file}"
    measured = measure_command(
        [program("kedro"), "run", f"--pipelines={CASE}_predict", "--params", given],
        project, environment_of(project, raw), scratch / "predict.log",
    )  # fmt: skip
    metrics = find_run(project).data.metrics
    rows, seconds = metrics["prediction/rows"], metrics["prediction/seconds"]
    return {"rows": rows, "seconds": seconds, "rate": rows / seconds, "wall_seconds": measured.seconds,
            "peak_bytes": measured.peak_bytes}  # fmt: skip


def measure_serve(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Serve the champion: start, single rows, batches, then many clients of whom one in ten sends nonsense."""
    project = project_with_champion(raw, scratch.parent / "service")
    rows = example_rows(project)
    started = time.perf_counter()
    with serving(project, scratch) as process:
        answer = wait_until_it_answers(rows[0])
        figures = {"start_seconds": time.perf_counter() - started, **time_rows(rows)}
        return {**figures, "load": load(process, rows, answer)}


def measure_update(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Let the champion learn on from as many rows as 1 % of the file, beside what its own training took."""
    project = project_with_champion(raw, scratch.parent / "service")
    trained = next(run for run in list_runs(project) if "seconds/training" in run.data.metrics)
    given = f"{CASE}.update.file={some(raw)}"
    command = [program("kedro"), "run", f"--pipelines={CASE}_update", "--params", given]
    measured = measure_command(command, project, environment_of(project, raw), scratch / "update.log")
    run = find_run(project)
    lines = (project / "data" / "08_reporting" / CASE / "updates.csv").read_text().splitlines()
    return {"rows": run.data.metrics["update/rows"], "seconds": run.data.metrics["update/seconds"], "said": lines[-1],
            "training_seconds": trained.data.metrics["seconds/training"],
            "wall_seconds": measured.seconds, "peak_bytes": measured.peak_bytes}  # fmt: skip


def some(raw: Path) -> str:
    """Write the last hundredth of the labelled rows into a file of their own, unless it is there.

    The champion has seen them: what an update costs is the same, how good it is has to be looked at elsewhere.
    """
    name = "act_new.csv"
    if not (raw / CASE / name).exists():
        header, *rows = (raw / CASE / "act_train.csv").read_bytes().splitlines(keepends=True)
        with atomic_write(raw / CASE / name) as path:
            path.write_bytes(b"".join([header, *rows[-(len(rows) // 100) :]]))
    return name


def time_rows(rows: Sequence[Figures]) -> Figures:
    """Ask for single rows and for batches, one after another over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    single, batch = ({"dataframe_records": some} for some in (rows[:1], [rows[n % len(rows)] for n in range(BATCH)]))
    singles = sorted(timed(connection, single) for _ in range(ONE_BY_ONE))
    batches = [timed(connection, batch) for _ in range(BATCHES)]
    return {
        "median_ms": 1000 * statistics.median(singles),
        "p99_ms": 1000 * singles[int(0.99 * len(singles))],
        "batch_rate": BATCH / statistics.median(batches),
    }


def load(process: psutil.Process, rows: Sequence[Figures], answer: Figures) -> Figures:
    """Let many clients ask at once; each knows what the answer to the first row must be."""
    counts: dict[str, int] = {"right": 0, "refused": 0, "wrong": 0}
    lock, end = threading.Lock(), time.perf_counter() + LOAD_SECONDS
    good, bad = {"instances": rows[:1]}, {"instances": [{**rows[0], "date": "yes"}]}

    def ask_on() -> None:
        connection, number = http.client.HTTPConnection("127.0.0.1", PORT), 0
        while time.perf_counter() < end:
            number += 1
            malformed = number % MALFORMED == 0
            status, content = ask(connection, bad if malformed else good)
            expected = (status == 400) if malformed else (status, content) == (200, answer)
            with lock:
                counts["wrong" if not expected else "refused" if malformed else "right"] += 1

    before = process.memory_info().rss
    threads = [threading.Thread(target=ask_on) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    growth = process.memory_info().rss / before - 1
    return {**counts, "memory_growth": growth, "requests_a_second": sum(counts.values()) / LOAD_SECONDS}


def timed(connection: http.client.HTTPConnection, content: Figures) -> float:
    """Ask once -> seconds, from the finished request to the whole answer."""
    body = json.dumps(content).encode()
    start = time.perf_counter()
    connection.request("POST", "/invocations", body)
    response = connection.getresponse()
    response.read()
    seconds = time.perf_counter() - start
    if response.status != 200:
        raise RuntimeError(f"a good row was answered with {response.status}")
    return seconds


def ask(connection: http.client.HTTPConnection, content: Figures) -> tuple[int, Figures]:
    """Ask once -> status and answer."""
    connection.request("POST", "/invocations", json.dumps(content).encode())
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def wait_until_it_answers(row: Figures) -> Figures:
    """Ask until there is an answer, and give it."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        try:
            return ask(http.client.HTTPConnection("127.0.0.1", PORT), {"instances": [row]})[1]
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"no answer within {PATIENCE} s")


@contextmanager
def serving(project: Path, scratch: Path) -> Iterator[psutil.Process]:
    """Serve the project's champion for as long as the block lasts."""
    command = [program("casebook"), "serve", CASE, "--port", str(PORT)]
    with (scratch / "serve.log").open("wb") as sink:
        environment = environment_of(project, project)
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def project_with_champion(raw: Path, folder: Path) -> Path:
    """Train the default of Red Hat in a copy of the project, unless that was done by another part."""
    project = folder / "project"
    if not (project / "trained").exists():
        copy_project(project)
        nodes = ",".join(f"{CASE}.{name}" for name in ("package_model", "profile_training", "select_promotion_rows",
                                                       "score_test"))  # fmt: skip
        command = [program("kedro"), "run", f"--pipelines={CASE}", f"--to-nodes={nodes}"]
        measure_command(command, project, environment_of(project, raw), folder / "train.log")
        (project / "trained").touch()
    return project


def environment_of(project: Path, raw: Path) -> dict[str, str]:
    """Give a process the copy's code and the benchmark's raw files."""
    return {**clean_environment(), "CASEBOOK_RAW": str(raw), "PYTHONPATH": str(project / "src")}


def example_rows(project: Path) -> list[Figures]:
    """Read raw rows as JSON has them."""
    import pandas as pd

    rows = pd.read_parquet(project / "data" / "runs" / CASE / "latest" / "05_model_input" / "promotion_rows.parquet")
    found: list[Figures] = json.loads(rows.drop(columns="outcome").head(BATCH).to_json(orient="records"))
    return found


SERVICE_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "predict": measure_predict,
    "update": measure_update,
    "serve": measure_serve,
}
