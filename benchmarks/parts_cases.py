"""Measured parts of the other cases: Rossmann beside the straightforward way, and the whole runs of small tables."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parts import ROOT, below, clean_environment, copy_project, find_run, run_casebook
from processes import measure_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Figures = dict[str, Any]

REFERENCE = Path(__file__).with_name("reference_rossmann.py")
VARIANT = "5x350"
# The published network of each case of under 20,000 rows.
SMALL = {"attrition": "9_units", "deposit": "30_units", "pima": "net_8_16_8", "boston": "30_epochs_more"}
STORES, DAYS, SEED = 1115, 942, 1


def rossmann_folder() -> tuple[Path, str]:
    """Give the folder with train.csv and store.csv, and what they are: the user's, or generated at full size."""
    named = Path(os.environ.get("CASEBOOK_RAW", "")) / "rossmann"
    if os.environ.get("CASEBOOK_RAW") and (named / "train.csv").exists():
        return named.resolve(), "real files"
    folder = ROOT / "data" / "bench" / "rossmann"
    if not (folder / "train.csv").exists():
        from casebook.synthetic_data import rossmann

        folder.mkdir(parents=True, exist_ok=True)
        rossmann.write_sample(rossmann.generate_sample(STORES, DAYS, SEED), folder)
    return folder, "generated files"


def measure_rossmann_reference(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Run the straightforward way from raw files to test errors."""
    folder, origin = rossmann_folder()
    report = scratch / "reference.json"
    command = [sys.executable, str(REFERENCE), str(folder), str(report)]
    measured = measure_command(command, scratch, clean_environment(), scratch / "reference.log")
    figures: Figures = json.loads(report.read_text())
    peak = max(figures["peak_bytes"], measured.peak_bytes)
    return {**figures, "origin": origin, "wall_seconds": measured.seconds, "peak_bytes": peak}


def measure_rossmann(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Run casebook from raw files to test errors, the reference included, whose seconds are known apart."""
    folder, origin = rossmann_folder()
    figures = run_case("rossmann", VARIANT, scratch, folder.parent, ["--to-nodes=rossmann.score_test"])
    return {**figures, "origin": origin}


def measure_small(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Run the published network of each small case whole, on its generated sample of the original's size."""
    return {case: run_case(case, variant, scratch, None, []) for case, variant in SMALL.items()}


def run_case(case: str, variant: str, scratch: Path, raw: Path | None, options: Sequence[str]) -> Figures:
    """Run a case in a copy of the project, with an empty store, and read what it says of itself."""
    project = copy_project(scratch / case)
    measured = run_casebook(project, case, variant, raw, scratch / f"{case}.log", options)
    metrics = find_run(project, case).data.metrics
    shutil.rmtree(project)
    return {
        "stages": below(metrics, "seconds"),
        "scores": below(metrics, "test"),
        "wall_seconds": measured.seconds,
        "peak_bytes": measured.peak_bytes,
    }


CASE_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "rossmann_reference": measure_rossmann_reference,
    "rossmann": measure_rossmann,
    "small": measure_small,
}
