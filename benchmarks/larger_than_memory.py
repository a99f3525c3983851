"""Measured parts of tables larger than memory: Red Hat by engine=dask, at the size given and several times over."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from comparison import PREPARATION
from parts import CASE, below, copy_project, find_run, run_casebook
from processes import largest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Figures = dict[str, Any]

# A smaller number is for trying the part; the page's rows are of ten.
TIMES = int(os.environ.get("LARGER_TIMES", "10"))
EPOCHS = 2
# Ids of people, which become those of others in each part.
ID, FIRST_PART, CHUNK_BYTES = b"ppl_", 10, 16 << 20
FILES = ("act_train.csv", "people.csv")
ARRAYS = [f"--tags={','.join(PREPARATION)}"]
LEAN = f"{CASE}.reference.name=none,{CASE}.figures=none,{CASE}.report=none"


def multiply_files(source: Path, folder: Path, times: int) -> None:
    """Write the files of a folder so many times over into another one, with people of its own each time.

    Groups stay: they have so many more people.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        with (folder / name).open("wb") as out:
            for part in range(times):
                out.writelines(_rename_people(source / name, part))


def _rename_people(file: Path, part: int) -> list[bytes]:
    with file.open("rb") as lines:
        header = lines.readline()
        found = [header] if part == 0 else []
        rest = b""
        while chunk := lines.read(CHUNK_BYTES):
            whole, _, rest = (rest + chunk).rpartition(b"\n")
            found.append(whole.replace(ID, b"%s%d" % (ID, FIRST_PART + part)) + b"\n")
    return found


def measure_engines(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Prepare the files whole in memory and in parts by two workers, seconds from raw files to arrays."""
    return {engine: measure_arrays(raw, scratch / engine, engine) for engine in ("pandas", "dask")}


def measure_ten_times(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Prepare files several times their size in parts, and once in memory."""
    whole = measure_arrays(raw, scratch / "pandas", "pandas")
    with larger_files(raw, scratch) as large:
        return {"times": TIMES, "whole": whole, "arrays": measure_arrays(large, scratch / "arrays", "dask")}


def measure_trained(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Prepare files several times their size in parts, train on them and score the test rows."""
    given = f"{engine_of('dask')},{CASE}.training.epochs={EPOCHS},{LEAN}"
    with larger_files(raw, scratch) as large:
        return measure_run(large, scratch / "trained", [], given)


@contextmanager
def larger_files(raw: Path, scratch: Path) -> Iterator[Path]:
    """Write the files several times over -> the folder of raw files, which goes at the end."""
    large = scratch / "raw"
    try:
        multiply_files(raw / CASE, large / CASE, TIMES)
        yield large
    finally:
        shutil.rmtree(large)


def engine_of(name: str) -> str:
    """Give the parameter that chooses an engine."""
    return f"{CASE}.engine={name}"


def measure_arrays(raw: Path, scratch: Path, engine: str) -> Figures:
    """Run the stages from raw files to arrays."""
    return measure_run(raw, scratch, ARRAYS, engine_of(engine))


def measure_run(raw: Path, scratch: Path, options: list[str], given: str) -> Figures:
    """Run the default, or some of its stages.

    Returns:
        `seconds` from raw files to arrays, workers' start and end included; `peak_bytes` of the largest process;
        `rows` and `scores`.
    """
    project = copy_project(scratch / "project")
    log = scratch / "casebook.log"
    measured = run_casebook(project, CASE, "default", raw, log, options, given, largest_bytes)
    metrics = find_run(project).data.metrics
    stages = below(metrics, "seconds")
    shutil.rmtree(project)
    seconds = sum(stages.get(stage, 0.0) for stage in PREPARATION)
    rows = int(sum(metrics[f"data/{part}_rows"] for part in ("train", "validation", "test")))
    return {"seconds": seconds, "peak_bytes": measured.peak_bytes, "rows": rows, "scores": below(metrics, "test")}


LARGER_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "engines": measure_engines,
    "larger_than_memory": measure_ten_times,
    "larger_trained": measure_trained,
}
