"""A full disk is told in one line, whatever library met it."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import mlflow
import pytest
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset
from mlflow import MlflowClient

from casebook.caching.session import CasebookSession
from casebook.config.paths import project_root
from casebook.tracking.disk_space import describe_full_disk, quiet_full_disk
from casebook.tracking.sqlite_store import StoreError, create_store_once


def line(place: object) -> str:
    return f"the disk of {place} is full: free some space and start again"


def fill_store(file: Path) -> None:
    """Let a store take no further page, as on a full disk."""
    with closing(sqlite3.connect(file)) as store, store:
        store.execute(
            "CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )


def test_a_full_disk_is_found_behind_kedros_error() -> None:
    # Writing to it fails as on a full disk.
    with pytest.raises(DatasetError) as error:
        JSONDataset(filepath="/dev/full").save({"rows": 1})
    assert describe_full_disk(error.value) == line(project_root())


def test_a_full_disk_is_found_behind_mlflows_error() -> None:
    fill_store(Path(mlflow.get_tracking_uri().removeprefix("sqlite:///")))
    with pytest.raises(mlflow.MlflowException) as error:
        MlflowClient().create_run("0")
    assert describe_full_disk(error.value) == line(project_root())


def test_mlflow_logs_other_errors_alone(caplog: pytest.LogCaptureFixture) -> None:
    quiet_full_disk()
    logger = logging.getLogger("mlflow.store.db.utils")
    logger.addHandler(caplog.handler)
    for text in ("database or disk is full", "database is locked"):
        logger.error("SQLAlchemy database error.\n%s", sqlite3.OperationalError(text))
    logger.removeHandler(caplog.handler)
    assert {record.getMessage() for record in caplog.records} == {"SQLAlchemy database error.\ndatabase is locked"}


def test_the_file_is_named_where_it_is_known_and_other_errors_are_none() -> None:
    assert describe_full_disk(OSError(28, "No space left on device", "/tmp/x")) == line("/tmp/x")  # noqa: S108
    assert describe_full_disk(OSError(13, "Permission denied", "/dev/full")) == ""
    assert describe_full_disk(None) == ""


@pytest.mark.parametrize(
    ("error", "told"), [(OSError(28, "full", "/x"), line("/x")), (click.ClickException("mend it"), "mend it")]
)
@pytest.mark.process
def test_a_run_ends_with_one_line(error: Exception, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(KedroSession, "run", fail)
    with pytest.raises(click.ClickException) as raised:
        CasebookSession("test", "casebook").run(pipeline_names=["pima"])
    assert raised.value.message == told


@pytest.mark.process
def test_another_error_of_a_run_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise KeyError("pima")

    monkeypatch.setattr(KedroSession, "run", fail)
    with pytest.raises(KeyError):
        CasebookSession("test", "casebook").run(pipeline_names=["pima"])


def test_a_store_for_which_there_is_no_room_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with closing(sqlite3.connect(tmp_path / "kept.db")) as store, store:
        store.execute("CREATE TABLE experiments (it INTEGER)")
    monkeypatch.setattr("casebook.tracking.sqlite_store.cached_tables", lambda: tmp_path / "kept.db")
    monkeypatch.setattr("casebook.tracking.sqlite_store.shutil.copyfile", fill)
    with pytest.raises(StoreError) as error:
        create_store_once(f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    assert error.value.message == line(project_root())
    assert [file.name for file in (tmp_path / "mlruns").iterdir()] == ["mlflow.lock"]
