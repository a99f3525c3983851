from __future__ import annotations

from pathlib import Path

import pytest

from casebook.config import paths


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, current, with no address named."""
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\npackage_name = 'casebook'\n")
    (tmp_path / "notes" / "deep").mkdir(parents=True)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("CASEBOOK_RAW", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("below", [".", "notes", "notes/deep"])
def test_the_store_of_a_project_is_the_same_from_every_subfolder(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    monkeypatch.chdir(project_folder / below)
    assert paths.project_root() == project_folder
    assert paths.tracking_uri() == f"sqlite:///{project_folder}/mlruns/mlflow.db"
    assert paths.artifact_location() == f"file://{project_folder}/mlruns/artifacts"
    assert paths.raw_folder("redhat") == project_folder / "data" / "01_raw" / "redhat"


def test_outside_any_project_things_lie_where_the_package_is_installed_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.project_root() == Path(paths.__file__).parents[3]


def test_outside_any_project_an_installed_wheel_works_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path / "lib" / "python3.11")
    assert paths.project_root() == tmp_path


@pytest.mark.parametrize(
    "theirs", ["[tool.kedro]\npackage_name = 'theirs'\n", "tool = 1\n", "[tool.kedro\n", "[tool.kedro]\nname = 1\n"]
)
def test_a_project_of_somebody_else_is_passed_over(
    project_folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    within, outside = project_folder / "notes" / "deep", tmp_path_factory.mktemp("outside")
    for folder in (within, outside):
        (folder / "pyproject.toml").write_text(theirs)
    monkeypatch.chdir(within)
    assert paths.project_root() == project_folder
    monkeypatch.chdir(outside)
    assert paths.project_root() == paths.CHECKOUT


def test_a_named_store_is_used_and_chooses_where_its_artifacts_go(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project_folder
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert paths.tracking_uri() == "http://127.0.0.1:5000"
    assert paths.artifact_location() is None


def test_an_empty_variable_names_nothing(project_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setenv("CASEBOOK_RAW", "")
    assert not paths.raw_folder_is_set()
    assert paths.raw_folder("redhat") == project_folder / "data" / "01_raw" / "redhat"
    assert paths.artifact_location() is not None


def test_a_named_raw_folder_holds_a_folder_for_each_case(project_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_RAW", "../elsewhere")
    assert paths.raw_folder_is_set()
    assert paths.raw_folder("redhat") == project_folder / ".." / "elsewhere" / "redhat"
