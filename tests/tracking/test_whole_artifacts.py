"""Artifacts of a folder are whole or not there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO

import mlflow
import pytest
from mlflow.artifacts import download_artifacts

from casebook.tracking.whole_artifacts import keep_artifacts_whole


class KilledError(BaseException):
    """What a kill in the middle of a copy is here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "figures" / "more" / "empty").mkdir(parents=True)
    (tmp_path / "figures" / "a.png").write_bytes(b"a" * 10)
    (tmp_path / "figures" / "more" / "b.png").write_bytes(b"b" * 10)
    return tmp_path / "figures"


@pytest.mark.parametrize("place", [None, "study/figures"])
def test_a_folder_is_logged_with_all_that_it_holds(folder: Path, place: str | None) -> None:
    keep_artifacts_whole()
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), place)
        mlflow.log_artifacts(str(folder), place)
    logged = Path(download_artifacts(run_id=run.info.run_id, artifact_path=place or "."))
    found = {path.relative_to(logged).as_posix(): path.is_file() and path.read_bytes() for path in logged.rglob("*")}
    assert found == {"a.png": b"a" * 10, "more": False, "more/b.png": b"b" * 10, "more/empty": False}


def test_a_kill_leaves_no_half_of_a_file_under_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stream_half(source: IO[bytes], target: IO[bytes], **_: object) -> None:
        target.write(source.read()[:5])
        raise KilledError

    def copy_half(source: str, target: str, **_: object) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:5])
        raise KilledError

    keep_artifacts_whole()
    with mlflow.start_run() as run, monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", stream_half)
        # What MLflow copies folders by.
        patched.setattr(shutil, "copyfile", copy_half)
        with pytest.raises(KilledError):
            mlflow.log_artifacts(str(folder), "figures")
    assert mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="figures") == []
