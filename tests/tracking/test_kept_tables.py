"""The page of a run made with `report=none`: from the tables in the run's folder, or a line that says what lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import mlflow
import pandas as pd
import pytest
import yaml
from tests.reports.pages import PARAMETERS, make_judged, make_rows, make_tables

from casebook.tracking.run_reports import NothingToReportError, read_compared, write_report

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that was made without its page, as it left it."""
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "casebook"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASEBOOK_CONF", raising=False)
    monkeypatch.setattr("casebook.tracking.run_reports.load_library", lambda: "window.library = 1;")
    mlflow.set_experiment("pima")
    with mlflow.start_run() as run:
        mlflow.log_dict(make_tables()[1], "report/score_intervals.json")
        parameters = {**PARAMETERS, "target": "target", "report": "none"}
        mlflow.log_text(yaml.safe_dump({"pima": parameters}), "config/parameters.yml")
        mlflow.set_tag("command", "kedro run --pipeline=pima --params pima.report=none")
    place = tmp_path / "data" / "runs" / "pima" / run.info.run_id
    write_files(place)
    return place


def write_files(place: Path) -> None:
    rows = make_rows(ROWS).rename(columns=lambda name: name if name.isalpha() else "text")
    own = make_judged("binary", rows)
    tables = {
        "03_primary/joined_rows": pd.concat([rows, rows]).assign(target=0),
        "05_model_input/split_assignment": pd.DataFrame({"part": [1] * ROWS + [4] * ROWS}, dtype="uint8"),
        "07_model_output/test_predictions": pd.DataFrame({"probability": own.outputs, "actual": own.target}),
        "07_model_output/test_keys": pd.DataFrame({"row": range(ROWS), "key": rows["person"], "word": "person"}),
        "08_reporting/history": pd.DataFrame({"epoch": [1, 2], "train/loss": [2.0, 1.0], "val/loss": [2.0, 1.5]}),
        "08_reporting/importance": pd.DataFrame(
            {"raw_column": ["amount", "day"], "metric": "auc", "drop_mean": [0.2, 0.1], "drop_std": 0.01}
        ),
    }
    for name, table in tables.items():
        file = place / f"{name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(file)
    (place / "06_models").mkdir()
    (place / "06_models" / "threshold.json").write_text("0.45")


def test_the_page_is_made_of_what_the_run_kept_and_its_tables_stay_with_the_run(folder: Path) -> None:
    file = write_report(folder.name)
    assert file == folder / "08_reporting" / "report.html"
    tables = mlflow.artifacts.load_dict(f"runs:/{folder.name}/report/report_tables.json")
    assert tables["rows"] == ROWS
    assert tables["threshold"] == 0.45
    assert [row["raw_column"] for row in tables["importance"]] == ["amount", "day"]
    assert json.dumps(tables["labels"]) == '["0", "1"]'
    # With the run itself they outlive its folder.
    (folder / "03_primary" / "joined_rows.parquet").unlink()
    assert write_report(folder.name) == file
    assert read_compared(folder.name).tables == tables


def test_a_lacking_file_is_named_with_the_command_that_makes_it_anew(folder: Path) -> None:
    (folder / "03_primary" / "joined_rows.parquet").unlink()
    with pytest.raises(NothingToReportError) as refused:
        write_report(folder.name)
    assert str(refused.value) == (
        f"run {folder.name} was made with report=none, without the tables of its page, which cannot be made now: "
        f"{folder} has no 03_primary/joined_rows.parquet. For a page run it anew with pima.report=full; it was: "
        "kedro run --pipeline=pima --params pima.report=none"
    )


def test_a_folder_that_is_gone_is_named(folder: Path) -> None:
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(NothingToReportError, match=f"its folder {folder} is not here: keep_runs removed it"):
        write_report(folder.name)
    assert elsewhere.is_dir()


def test_of_rows_worked_on_in_parts_the_sample_is_shown(folder: Path) -> None:
    output = folder / "07_model_output"
    sample = pd.read_parquet(output / "test_predictions.parquet")
    sample.to_parquet(output / "sampled_test_predictions.parquet")
    with pytest.raises(NothingToReportError, match=r"has no 07_model_output/sampled_test_keys\.parquet"):
        write_report(folder.name)
