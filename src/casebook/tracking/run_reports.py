"""The page of a run: what it shows is read from the run in MLflow, so that it can be made anew at any time."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import mlflow
import pandas as pd
import yaml
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from casebook.config.paths import environment_cache, project_root, runs_folder
from casebook.config.schema.evaluation import NONE
from casebook.evaluation.thresholds import MIDDLE
from casebook.reports.chart_library import load_chart_library
from casebook.reports.judged import Judged
from casebook.reports.reported_run import PAGE, ReportedRun
from casebook.reports.test_rows import KEY
from casebook.runtime.atomic_files import atomic_write
from casebook.tracking.kept_tables import NotKeptError, tabulate_kept
from casebook.tracking.mlflow_client import set_tags
from casebook.tracking.run_artifacts import load_dict, load_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlflow.entities import Run

    from casebook.reports.comparison import ComparedRun

PARAMETERS_FILE = "config/parameters.yml"
TABLES_FILE, INTERVALS_FILE = "report/report_tables.json", "report/score_intervals.json"
# Where a run says where its page lies, relative to the project.
TAG = "report"
# Folder of artifacts -> the job of a run that has it, and what its page is made of.
JOBS = {"study": "study", "monitoring": "monitor", "report": "training"}


class NothingToReportError(ValueError):
    """A run without what its page would show; the message says what lacks."""


def write_report(run_id: str) -> Path:
    """Make the page of a run; it goes to the run's artifacts and to the project's folder.

    Returns:
        Where it lies: in the run's own folder where that is there, else below `data/08_reporting`.

    Raises:
        NothingToReportError: the run has nothing to show.
    """
    run = read_run(MlflowClient().get_run(run_id))
    page = render_report(run)
    file = find_place(run)
    with atomic_write(file) as path:
        path.write_text(page, encoding="utf-8")
    MlflowClient().log_text(run_id, page, PAGE)
    set_tags(run_id, {TAG: file.relative_to(project_root())})
    return file


def find_place(run: ReportedRun) -> Path:
    """Return where the page of a run lies."""
    folder = runs_folder(run.case) / run.run_id
    if folder.is_dir():
        return folder / "08_reporting" / PAGE
    return reports_folder(run.case) / f"{run.job}-{run.run_id}.html"


def reports_folder(case: str) -> Path:
    """Return the folder of pages that belong to no folder of a run."""
    return project_root() / "data" / "08_reporting" / case


def load_library() -> str:
    """Load what draws the charts, kept once for the environment, or for the project where that cannot be written to."""
    return load_chart_library(environment_cache(), project_root() / "data" / "08_reporting")


def read_run(run: Run) -> ReportedRun:
    """Read what a page is told of a run.

    Raises:
        NothingToReportError: it is no run of a case that has a page.
    """
    client, run_id, tags = MlflowClient(), run.info.run_id, run.data.tags
    files = [file.path for file in client.list_artifacts(run_id)]
    job = next((job for folder, job in JOBS.items() if folder in files), "")
    if not job or PARAMETERS_FILE.partition("/")[0] not in files:
        raise NothingToReportError(
            f"run {run_id} has nothing to report: its page is made of what a training, a study or a monitor leaves "
            "(one that failed before its test rows were scored, and other jobs, leave nothing)"
        )
    (case,), (parameters,) = zip(*_load_yaml(run_id, PARAMETERS_FILE).items(), strict=True)
    pages = [f.path for f in client.list_artifacts(run_id, "profile")] if "profile" in files else []
    return ReportedRun(
        run_id,
        run.info.run_name or "",
        case,
        job,
        f"{datetime.fromtimestamp(run.info.start_time / 1000, UTC).astimezone():%Y-%m-%d %H:%M}",
        run.data.metrics,
        {name: value for name, value in tags.items() if not name.startswith("mlflow.")},
        parameters,
        {PurePosixPath(page).stem: quote(page) for page in pages if page.endswith(".html")},
        tuple(files),
    )


def render_report(run: ReportedRun) -> str:
    """Render the page of a run, by what it did."""
    library = load_library()
    if run.job == "study":
        from casebook.reports.study_page import render_study

        return render_study(run, _load_csv(run.run_id, "study/leaderboard.csv"), library)
    if run.job == "monitor":
        from casebook.reports.monitor_page import render_monitor

        return render_monitor(run, _load_csv(run.run_id, "monitoring/weekly.csv"), library)
    from casebook.reports.training_page import render_training

    return render_training(run, load_tables(run), load_intervals(run.run_id), library)


def write_comparison(run_ids: Sequence[str]) -> Path:
    """Make the page that compares runs of one case; it lies below `data/08_reporting`.

    Raises:
        ValueError: they cannot be compared; says why.
    """
    from casebook.reports.comparison_page import render_comparison

    runs = [read_compared(run_id) for run_id in dict.fromkeys(run_ids)]
    page = render_comparison(runs, load_library())
    file = reports_folder(runs[0].run.case) / f"comparison-{'-'.join(each.run.run_id[:6] for each in runs)}.html"
    with atomic_write(file) as path:
        path.write_text(page, encoding="utf-8")
    return file


def read_compared(run_id: str) -> ComparedRun:
    """Read what a comparison needs of a run; its predictions, where its folder is still there.

    Raises:
        NothingToReportError: it is no training, or left no tables.
    """
    from casebook.reports.comparison import ComparedRun

    run = read_run(MlflowClient().get_run(run_id))
    if run.job != "training":
        raise NothingToReportError(f"run {run_id} is a {run.job}: trainings are compared")
    tables = load_tables(run)
    own, keys = _read_predictions(run, float(tables.get("threshold", MIDDLE)))
    return ComparedRun(run, tables, load_intervals(run_id), own, keys)


def _read_predictions(run: ReportedRun, threshold: float) -> tuple[Judged | None, pd.Series | None]:
    folder = runs_folder(run.case) / run.run_id / "07_model_output"
    try:
        predictions = pd.read_parquet(folder / "test_predictions.parquet")
        keys = pd.read_parquet(folder / "test_keys.parquet")[KEY]
    except FileNotFoundError:
        return None, None
    return Judged.of(predictions, threshold), keys


def load_tables(run: ReportedRun) -> dict[str, Any]:
    """Load the tables of a training's page; of a run that made none they are made of what it kept, and logged to it.

    Raises:
        NothingToReportError: there are none, and none can be made; says why.
    """
    tables = load_dict(run.run_id, TABLES_FILE)
    if tables is None:
        tables = _make_tables(run)
        # A store that can only be read serves what reads it.
        with suppress(MlflowException, OSError):
            MlflowClient().log_dict(run.run_id, tables, TABLES_FILE)
    if "fault" in tables:
        raise NothingToReportError(f"run {run.run_id}: the tables of its page could not be made ({tables['fault']})")
    return tables


def _make_tables(run: ReportedRun) -> dict[str, Any]:
    try:
        return tabulate_kept(run)
    except NotKeptError as error:
        told = (
            "was made with report=none, without the tables of its page"
            if run.parameters.get("report") == NONE
            else "left no tables of its page"
        )
        command = run.tags.get("command", f"kedro run --pipeline={run.case}")
        raise NothingToReportError(
            f"run {run.run_id} {told}, which cannot be made now: {error}. For a page run it anew with "
            f"{run.case}.report=full; it was: {command}"
        ) from None


def load_intervals(run_id: str) -> dict[str, Any]:
    """Load the intervals of a training's test scores.

    Raises:
        NothingToReportError: there are none.
    """
    found = load_dict(run_id, INTERVALS_FILE)
    if found is None:
        raise NothingToReportError(f"run {run_id} has no {INTERVALS_FILE}: run it anew")
    return found


def _load_yaml(run_id: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(mlflow.artifacts.load_text(f"runs:/{run_id}/{name}"))
    return found


def _load_csv(run_id: str, name: str) -> pd.DataFrame:
    text = load_text(run_id, name)
    if text is None:
        raise NothingToReportError(f"run {run_id} has no {name}")
    return pd.read_csv(StringIO(text))
