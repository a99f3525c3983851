"""Locations of the project's files, whatever the current folder is."""

from __future__ import annotations

import os
import sys
import tomllib
from functools import cache
from pathlib import Path

# In a checkout, also an editable install of it; what lies above an installed wheel is no project.
CHECKOUT = Path(__file__).parents[3]
PACKAGE = "casebook"
# Reaches the processes that a run starts.
CONF_VARIABLE = "CASEBOOK_CONF"
STORE, ARTIFACTS = Path("mlruns", "mlflow.db"), Path("mlruns", "artifacts")


def project_root() -> Path:
    """Find the project's folder: the one above the current folder, else the checkout, else the current folder.

    Kedro projects of other packages are passed over: one may lie in ours, and ours in one.
    """
    here = Path.cwd()
    above = next((folder for folder in (here, *here.parents) if is_project(folder)), None)
    return above or (CHECKOUT if is_project(CHECKOUT) else here)


@cache
def is_project(folder: Path) -> bool:
    """Return whether a folder is one of casebook's projects, by what its `pyproject.toml` says to Kedro."""
    try:
        settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        return bool(settings["tool"]["kedro"]["package_name"] == PACKAGE)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def environment_cache() -> Path:
    """Return the folder in which the environment keeps what is slow to make and the same for all its projects."""
    return Path(sys.prefix) / "share" / PACKAGE


def conf_source() -> str:
    """Return where configuration is read from: what `--conf-source` or `CASEBOOK_CONF` named, else the project's."""
    return os.environ.get(CONF_VARIABLE) or str(project_root() / "conf")


def best_variant_file(case: str) -> Path:
    """Return the file of a case's best variant, which studies of every environment write and its runs read."""
    source = Path(conf_source())
    # An archive, or a store elsewhere, cannot be written to.
    return (source if source.is_dir() else project_root() / "conf") / "local" / case / "parameters_best.yml"


def raw_folder(case: str) -> Path:
    """Return the folder of a case's raw files: below `CASEBOOK_RAW` where that is set, else `data/01_raw`."""
    return (
        Path(os.environ["CASEBOOK_RAW"]).absolute() if raw_folder_is_set() else project_root() / "data" / "01_raw"
    ) / case


def runs_folder(case: str) -> Path:
    """Return the folder in which each run of a case has a folder of its own, called by its id."""
    return project_root() / "data" / "runs" / case


def cluster_folder() -> Path:
    """Return the folder of a cluster on this machine."""
    return project_root() / "data" / "cluster"


def raw_folder_is_set() -> bool:
    """Return whether the user named a folder of raw files, into which nothing is ever written."""
    return bool(os.environ.get("CASEBOOK_RAW"))


def tracking_uri() -> str:
    """Return MLflow's store: `MLFLOW_TRACKING_URI` where that is set, else an SQLite file below `mlruns`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{store_file()}"


def store_file() -> Path:
    """Return the SQLite file of the default store."""
    return project_root() / STORE


def artifact_location() -> str | None:
    """Return the folder of artifacts; a store that the user named chooses its own."""
    return None if os.environ.get("MLFLOW_TRACKING_URI") else (project_root() / ARTIFACTS).as_uri()
