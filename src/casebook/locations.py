"""Where things lie, whatever folder a command is started in."""

from __future__ import annotations

import os
from pathlib import Path

from kedro.utils import find_kedro_project, is_kedro_project

# In a checkout, also an editable install of it; what lies above an installed wheel is no project.
CHECKOUT = Path(__file__).parents[2]
# Reaches the processes that a run starts.
CONF_VARIABLE = "CASEBOOK_CONF"


def project_root() -> Path:
    """Find the project's folder: the one above the current folder, else the checkout, else the current folder."""
    return Path(find_kedro_project(Path.cwd()) or (CHECKOUT if is_kedro_project(CHECKOUT) else Path.cwd()))


def conf_source() -> str:
    """Return where configuration is read from: what `--conf-source` or `CASEBOOK_CONF` named, else the project's."""
    return os.environ.get(CONF_VARIABLE) or str(project_root() / "conf")


def raw_folder(case: str) -> Path:
    """Give the folder of a case's raw files: below `CASEBOOK_RAW` where that is set, else `data/01_raw`."""
    return (
        Path(os.environ["CASEBOOK_RAW"]).absolute() if raw_is_named() else project_root() / "data" / "01_raw"
    ) / case


def raw_is_named() -> bool:
    """Tell whether the user named a folder of raw files, into which nothing is ever written."""
    return bool(os.environ.get("CASEBOOK_RAW"))


def tracking_uri() -> str:
    """Give MLflow's store: `MLFLOW_TRACKING_URI` where that is set, else an SQLite file below `mlruns`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{store_file()}"


def store_file() -> Path:
    """Give the SQLite file of the default store."""
    return project_root() / "mlruns" / "mlflow.db"


def artifact_location() -> str | None:
    """Give the folder of artifacts; a store that the user named chooses its own."""
    return None if os.environ.get("MLFLOW_TRACKING_URI") else (project_root() / "mlruns" / "artifacts").as_uri()
