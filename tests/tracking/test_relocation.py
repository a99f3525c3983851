"""A project that was moved or copied finds its artifacts; its store's paths are exactly those of today."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput

from casebook.config.paths import artifact_location, tracking_uri
from casebook.tracking.relocation import COLUMNS, relocate_store
from casebook.tracking.sqlite_store import StoreError, create_store_once, open_read_only, open_to_use_models

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
# Of one row each in the store below; a neighbour's name only begins like the project's.
BEFORE = {
    ("experiments", "artifact_location"): ["{uri}/mlruns/artifacts", "{uri}/mlruns/artifacts", "{uri}-next/artifacts"],
    ("runs", "artifact_uri"): ["{uri}/mlruns/artifacts/{run}/artifacts"],
    ("logged_models", "artifact_location"): ["{uri}/mlruns/artifacts/models/{model}/artifacts"],
    ("model_versions", "source"): ["models:/{model}"],
    ("model_versions", "storage_location"): ["{uri}/mlruns/artifacts/models/{model}/artifacts"],
    ("trace_tags", "value"): [],
    ("datasets", "dataset_source"): ['{{"uri": "{path}/data/01_raw/toy/rows.csv"}}'],
    ("tags", "value"): ["journal:///{path}/data/06_models/toy/study.journal", "{path}", "{path}-next/x", "at {path}/x"],
}


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the current project, with its default store."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text("[tool.kedro]\npackage_name = 'casebook'\n")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def project(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder with a space and an accent, whose store holds a run with an artifact and a model."""
    root = enter(tmp_path / "a b é", monkeypatch)
    (root / "mlruns").mkdir()
    shutil.copy(empty_store, root / "mlruns" / "mlflow.db")
    create_store_once(tracking_uri())
    # MLflow asks the store that is set for a version's model, whichever the client has, and sets the variable.
    mlflow.set_tracking_uri(tracking_uri())
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    client = MlflowClient(tracking_uri())
    experiment = client.create_experiment("toy", artifact_location())
    client.create_experiment("elsewhere", f"{root.as_uri()}-next/artifacts")
    tags = [template.format(path=root) for template in BEFORE["tags", "value"]]
    run = client.create_run(experiment, tags={f"tag.{number}": tag for number, tag in enumerate(tags)}).info.run_id
    client.log_text(run, "what was learnt", "notes/seen.txt")
    source = f'{{"uri": "{root}/data/01_raw/toy/rows.csv"}}'
    client.log_inputs(run, [DatasetInput(Dataset("rows.csv", "d1", "local", source))])
    model = client.create_logged_model(experiment, "model", source_run_id=run).model_id
    client.create_registered_model("toy")
    client.create_model_version("toy", f"models:/{model}", run, await_creation_for=0, model_id=model)
    return root


def contents(root: Path) -> dict[tuple[str, str], list[str]]:
    """Read every column of the store that may hold a path; of the tags those that the test set."""
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store:
        store.execute("CREATE TEMP VIEW tags AS SELECT * FROM main.tags WHERE key LIKE 'tag.%'")
        return {
            (table, column): [value for (value,) in store.execute(f"SELECT {column} FROM {table}")]  # noqa: S608
            for table, column in COLUMNS
        }


def expected(root: Path, written_in: Path | None = None) -> dict[tuple[str, str], list[str]]:
    """Return the contents of the store in a project, where neighbours and texts stay as they were written."""
    with closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store:
        (run,), (model,) = (store.execute(f"SELECT {what}").fetchone() for what in SELECTED)
    first = written_in or root
    filled = {}
    for place, templates in BEFORE.items():
        stays = [("-next" in template or template.startswith("at ")) for template in templates]
        roots = [first if stay else root for stay in stays]
        filled[place] = [
            template.format(path=folder, uri=folder.as_uri(), run=run, model=model)
            for template, folder in zip(templates, roots, strict=True)
        ]
    return filled


SELECTED = ("run_uuid FROM runs", "model_id FROM logged_models")


def files_of(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(file.relative_to(root)): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in root.rglob("*")
        if file.is_file()
    }


def read_note(uri: str) -> str:
    client = MlflowClient(uri)
    (run,) = client.search_runs([str(client.get_experiment_by_name("toy").experiment_id)])
    return Path(mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/notes/seen.txt")).read_text()


def test_all_paths_of_a_moved_project_are_those_of_its_new_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert contents(project) == expected(project)
    moved = enter(project.rename(tmp_path / "somewhere 50% else"), monkeypatch)
    create_store_once(tracking_uri())
    assert contents(moved) == expected(moved, written_in=project)
    assert read_note(tracking_uri()) == "what was learnt"


def test_a_copy_touches_only_itself(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy, before = tmp_path / "copy", files_of(project)
    shutil.copytree(project, copy)
    enter(copy, monkeypatch)
    create_store_once(tracking_uri())
    client = MlflowClient(tracking_uri())
    run = client.create_run(client.get_experiment_by_name("toy").experiment_id)
    client.log_text(run.info.run_id, "of the copy", "notes/seen.txt")
    assert (copy / "mlruns" / "artifacts" / run.info.run_id / "artifacts" / "notes" / "seen.txt").exists()
    assert files_of(project) == before


def test_a_store_that_an_earlier_casebook_made_is_relocated_too(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(project / "mlruns" / "mlflow.db")) as store, store:
        store.execute("UPDATE experiments SET artifact_location = '/anywhere/mlruns/0' WHERE experiment_id = 0")
    moved = enter(project.rename(tmp_path / "moved"), monkeypatch)
    create_store_once(tracking_uri())
    assert contents(moved) == expected(moved, written_in=project)


def test_a_relocation_that_fails_half_way_changes_nothing(project: Path, tmp_path: Path) -> None:
    before = contents(project)
    with closing(sqlite3.connect(project / "mlruns" / "mlflow.db")) as store, store:
        store.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON datasets BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="disk is full"):
        relocate_store(project / "mlruns" / "mlflow.db", tmp_path / "moved")
    assert contents(project) == before


def test_a_store_that_lies_where_its_paths_say_is_not_written(project: Path) -> None:
    before = files_of(project)
    create_store_once(tracking_uri())
    assert files_of(project) == before


def test_a_store_that_the_user_named_keeps_its_paths(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(project)
    moved = enter(project.rename(tmp_path / "moved"), monkeypatch)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{moved}/mlruns/mlflow.db")
    create_store_once(tracking_uri())
    assert contents(moved) == before


def test_a_project_may_lie_in_the_topmost_folder(project: Path) -> None:
    file, before = project / "mlruns" / "mlflow.db", contents(project)
    relocate_store(file, Path("/"))
    assert contents(project)["experiments", "artifact_location"] == [
        *["file:///mlruns/artifacts"] * 2,
        f"{project.as_uri()}-next/artifacts",
    ]
    assert contents(project)["datasets", "dataset_source"] == ['{"uri": "/data/01_raw/toy/rows.csv"}']
    relocate_store(file, project)
    after = contents(project)
    # A tag that named the project itself is no path that only a project has.
    tags = [set(each.pop(("tags", "value"))) for each in (before, after)]
    assert (after, tags[0] - tags[1]) == (before, {str(project)})


@pytest.fixture
def read_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The project, moved into a folder in which this process may not write; root becomes nobody for as long."""
    temporary = Path(tempfile.mkdtemp())
    temporary.chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    moved = enter(Path(shutil.move(project, temporary / "moved")), monkeypatch)
    folders = [moved, *(folder for folder in moved.rglob("*") if folder.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    identity = os.getresuid()
    if os.geteuid() == 0:
        os.setresuid(NOBODY, NOBODY, 0)
    yield moved
    os.setresuid(*identity)
    for folder in folders:
        folder.chmod(0o755)
    shutil.rmtree(temporary)


def test_a_moved_project_that_cannot_be_written_is_read_through_a_copy(read_only: Path) -> None:
    before = files_of(read_only)
    uri = open_read_only(tracking_uri())
    assert uri != tracking_uri()
    assert read_note(uri) == "what was learnt"
    assert files_of(read_only) == before


def test_runs_in_a_project_that_cannot_be_written_are_refused_in_one_line(read_only: Path) -> None:
    with pytest.raises(StoreError) as error:
        create_store_once(tracking_uri())
    assert error.value.message == (
        f"{read_only}/mlruns/mlflow.db lies where nothing can be written: copy the project to a folder of yours, or "
        "name another store in MLFLOW_TRACKING_URI"
    )


def test_a_store_that_is_not_there_and_cannot_be_made_is_said_so(read_only: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.db cannot be read \(unable to open database file\), and its folder"):
        open_read_only(f"sqlite:///{read_only}/none.db")


def test_copies_that_killed_processes_left_are_removed(read_only: Path, ended_process: int) -> None:
    left = read_only.with_name(f"casebook-store-{ended_process}-abc")
    left.mkdir()
    open_read_only(tracking_uri())
    assert [f.name.split("-")[2] for f in left.parent.glob("casebook-store-*")] == [str(os.getpid())]


def test_a_run_beside_a_store_that_can_only_be_read_is_kept_in_the_copy(read_only: Path) -> None:
    before = files_of(read_only)
    uri = open_to_use_models(tracking_uri())
    assert uri != tracking_uri()
    client = mlflow.MlflowClient(uri)
    run = client.create_run(client.search_experiments(max_results=1)[0].experiment_id)
    client.log_metric(run.info.run_id, "test/auc", 0.5)
    client.log_text(run.info.run_id, "of this run", "note.txt")
    assert run.info.artifact_uri.startswith(uri.removesuffix("/mlflow.db").replace("sqlite:///", "file://"))
    assert files_of(read_only) == before
    assert read_note(uri) == "what was learnt"


def test_a_store_that_can_be_written_is_used_itself(project: Path) -> None:
    assert open_to_use_models(tracking_uri()) == tracking_uri()
    assert project.exists()
