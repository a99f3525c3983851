"""The tables of a training's page, made of what its run kept in its folder: of one made with `report=none`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.config.paths import runs_folder
from casebook.preprocessing.row_schema import RowSchema
from casebook.reports.judged import Judged
from casebook.reports.test_rows import select_columns
from casebook.reports.test_tables import tabulate_test

if TYPE_CHECKING:
    from pathlib import Path

    from casebook.reports.reported_run import ReportedRun

THRESHOLD, ROW_SCHEMA = "06_models/threshold.json", "02_intermediate/row_schema.json"
PREDICTIONS, KEYS = "07_model_output/{}test_predictions.parquet", "07_model_output/{}test_keys.parquet"
TABLES = {
    "joined_rows": "03_primary/joined_rows.parquet",
    "split": "05_model_input/split_assignment.parquet",
    "history": "08_reporting/history.parquet",
    "importance": "08_reporting/importance.parquet",
}
# Of raw files that were worked on in parts only a sample of the rows is kept whole; its predictions bear this name.
SAMPLED = "sampled_"


class NotKeptError(ValueError):
    """Files of a run that its tables are made of are not there; the message names them."""


def tabulate_kept(run: ReportedRun) -> dict[str, Any]:
    """Tabulate the test rows that a run kept; see `reports.test_tables.tabulate_test`.

    Raises:
        NotKeptError: the run's folder is gone, or lacks a file.
    """
    folder = runs_folder(run.case) / run.run_id
    if not folder.is_dir():
        raise NotKeptError(f"its folder {folder} is not here: keep_runs removed it, or it lies where the run was made")
    files = _find_files(folder)
    threshold = float(json.loads((folder / THRESHOLD).read_text()))
    tables = {name: pd.read_parquet(file) for name, file in files.items()}
    own = Judged.of(tables["predictions"], threshold)
    rows, split, importance = (tables[name] for name in ("joined_rows", "split", "importance"))
    shown = select_columns(rows, split, importance, run.target, lambda: own.losses)
    return tabulate_test(own, shown, tables["keys"], tables["history"], importance, _read_labels(folder))


def _find_files(folder: Path) -> dict[str, Path]:
    sampled = SAMPLED if (folder / PREDICTIONS.format(SAMPLED)).is_file() else ""
    names = {**TABLES, "predictions": PREDICTIONS.format(sampled), "keys": KEYS.format(sampled)}
    lacking = [name for name in (*names.values(), THRESHOLD) if not (folder / name).is_file()]
    if lacking:
        raise NotKeptError(f"{folder} has no {', '.join(lacking)}")
    return {name: folder / file for name, file in names.items()}


def _read_labels(folder: Path) -> list[str]:
    """Read the labels of the classes; a case in Python numbers its classes itself and has none."""
    file = folder / ROW_SCHEMA
    if not file.is_file():
        return []
    return [str(label) for label in RowSchema.from_dict(json.loads(file.read_text(encoding="utf-8"))).classes]
