"""Measured part: the real tables of strangers, each from `casebook init` to the figures of one run.

Every table has a project of its own with an empty store. Nothing is written beside `casebook init`'s YAML, but for the
leaks of loans and flights, which are closed in it as a user does who has read the suspects.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from comparison import PREPARATION
from parts import below, clean_environment, copy_project, find_run, program
from processes import measure_command
from real_tables import TABLES, RealTable, find_raw, list_wrong_guesses

if TYPE_CHECKING:
    from processes import Measurement

Figures = dict[str, Any]

REFERENCE = Path(__file__).with_name("reference_flights.py")
FLIGHTS = "flights"
BASELINES = ("baseline", "reference", "test")


def measure_tables(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Measure every table, and of flights also the way from raw files to arrays beside the straightforward one.

    Raises:
        FileNotFoundError: no tables are there.
    """
    raw = find_raw()
    figures: Figures = {name: measure_table(name, table, raw, scratch / name) for name, table in TABLES.items()}
    return {"tables": figures, "arrays": measure_arrays(raw, scratch / "arrays")}


def measure_table(name: str, table: RealTable, raw: Path, scratch: Path) -> Figures:
    """Declare a table and run it, in a new project.

    Returns:
        `rows`, `lines` of the YAML, `wrong` guesses, `closed` columns, seconds and peak of `init` and `run`, `scores`
        of network, reference and baseline.
    """
    project = copy_project(scratch / "project")
    declared = declare(name, table, raw, project, scratch)
    run = run_case(project, name, scratch / "run.log", [])
    metrics = find_run(project, name).data.metrics
    parts = {f"data/{part}_rows" for part in ("train", "validation", "test", "promotion")}
    shutil.rmtree(project)
    return {
        **declared,
        "rows": int(sum(metrics[part] for part in parts)),
        "run_seconds": run.seconds,
        "run_bytes": run.peak_bytes,
        "stages": below(metrics, "seconds"),
        "scores": {who: below(metrics, who) for who in BASELINES},
    }


def declare(name: str, table: RealTable, raw: Path, project: Path, scratch: Path) -> Figures:
    """Run `casebook init`, and close what a user would."""
    files = table.list_files(name, raw)
    words = ["init", *map(str, files), "--target", table.target, "--name", name]
    measured = measure_command([program("casebook"), *words], project, environment(project), scratch / "init.log")
    place = project / "conf" / "base" / name / "parameters.yml"
    lines = place.read_text(encoding="utf-8").count("\n")
    close_columns(place, name, table.closed_columns)
    return {
        "lines": lines,
        "wrong": find_wrong_guesses(files, table),
        "closed": list(table.closed_columns),
        "task": table.task,
        "init_seconds": measured.seconds,
        "init_bytes": measured.peak_bytes,
    }


def close_columns(place: Path, case: str, columns: tuple[str, ...]) -> None:
    """Give columns of a declaration the role leak; without any it stays as it was written."""
    if not columns:
        return
    tree = yaml.safe_load(place.read_text(encoding="utf-8"))
    declared = tree[case]["data"]["columns"]
    declared.update({name: {**(declared.get(name) or {}), "role": "leak"} for name in columns})
    place.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def find_wrong_guesses(files: list[Path], table: RealTable) -> list[str]:
    """List what `casebook init` guesses otherwise than the tables' README says."""
    from casebook.schema_inference import Wishes, infer_schema, read_table

    return list_wrong_guesses(infer_schema([read_table(file) for file in files], Wishes(table.target)), table)


def measure_arrays(raw: Path, scratch: Path) -> Figures:
    """Measure flights from raw files to arrays, as a script of pandas and scikit-learn and as the stages of a run.

    Returns:
        `reference` and `casebook`, each with `seconds`, `cpu_seconds` of these, and `peak_bytes` of the whole process.
    """
    table, report = TABLES[FLIGHTS], scratch / "reference.json"
    project = copy_project(scratch / "project")
    command = [sys.executable, str(REFERENCE), str(raw / "tables" / FLIGHTS), str(report)]
    script = measure_command(command, scratch, clean_environment(), scratch / "reference.log")
    reference: Figures = json.loads(report.read_text())
    declare(FLIGHTS, table, raw, project, scratch)
    tags = ",".join(PREPARATION)
    measured = run_case(project, FLIGHTS, scratch / "arrays.log", [f"--tags={tags}"])
    run = find_run(project, FLIGHTS)
    stages = below(run.data.metrics, "seconds")
    # As in `parts.measure_preparation`: the clock stops when every file is written.
    end = run.info.end_time / 1000
    seconds = end - measured.started - stages["start"]
    shutil.rmtree(project)
    peak = max(reference["peak_bytes"], script.peak_bytes)
    casebook = {"seconds": seconds, "cpu_seconds": measured.cpu_between(end - seconds, end), "stages": stages}
    return {
        "reference": {**reference, "peak_bytes": peak},
        "casebook": {**casebook, "peak_bytes": measured.peak_bytes},
    }


def run_case(project: Path, case: str, log: Path, options: list[str]) -> Measurement:
    """Run a case of a project by `kedro run`."""
    return measure_command(
        [program("kedro"), "run", f"--pipeline={case}", *options], project, environment(project), log
    )


def environment(project: Path) -> dict[str, str]:
    """Return the variables of a command in a project."""
    return {**clean_environment(), "PYTHONPATH": str(project / "src")}


TABLE_PARTS = {"tables": measure_tables}
