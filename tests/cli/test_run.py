"""`casebook run` and `python -m casebook`: Kedro's run, its options and its help."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from kedro.framework.cli.project import run as kedro_run

from casebook import __main__ as package

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
OPTIONS = ["--pipelines=pima", "--params", "pima.training.epochs=1", "-e", "test"]


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Let no session be created -> what each would have been created with."""
    asked: list[dict[str, Any]] = []

    def create(**given: object) -> None:
        asked.append(given)
        raise InterruptedError

    monkeypatch.setattr("casebook.caching.session.CasebookSession.create", create)
    return asked


EXPECTED = {"env": "test", "conf_source": None, "runtime_params": {"pima": {"training": {"epochs": 1}}}}


def test_all_options_of_kedros_run_go_through(casebook: Callable[..., Result], created: list[dict[str, Any]]) -> None:
    assert isinstance(casebook("run", *OPTIONS).exception, InterruptedError)
    assert created == [EXPECTED]


def test_its_help_is_that_of_kedros_run(casebook: Callable[..., Result]) -> None:
    result = casebook("run", "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: casebook run [OPTIONS]")
    for option in kedro_run.params:
        assert option.opts[0] in result.output


def test_parameters_may_be_given_several_times_and_by_a_file_of_options(
    casebook: Callable[..., Result], created: list[dict[str, Any]], tmp_path: Path
) -> None:
    casebook(
        "run", "--pipelines=pima", "-e", "test", "--params", "pima.training.epochs=1", "--params=pima.study.name=1"
    )
    file = tmp_path / "options.yml"
    file.write_text("run: {env: test, pipelines: pima, params: {pima: {training: {seed: 010}}}}")
    assert isinstance(casebook("run", "--config", str(file)).exception, InterruptedError)
    given = [{"training": {"epochs": 1}, "study": {"name": 1}}, {"training": {"seed": 10}}]
    assert created == [{**EXPECTED, "runtime_params": {"pima": each}} for each in given]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--params", "pima.a=1,pima.a=2"], "Invalid value for '--params': pima.a is given twice, as 1 and as 2: keep"),
        (
            ["--params", "pima.a=1", "--params", "b"],
            "`b` must be a key and a value separated by `=`; a list is written",
        ),
    ],
)
def test_parameters_that_cannot_be_read_are_refused_in_a_line(
    casebook: Callable[..., Result], words: list[str], message: str
) -> None:
    result = casebook("run", *words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.parametrize("content", ["run: {enviroment: test}", "walk: {env: test}", "run: {env: a, env: b}"])
def test_a_file_of_options_that_there_are_not_is_refused_by_its_name(
    casebook: Callable[..., Result], tmp_path: Path, content: str
) -> None:
    file = tmp_path / "options.yml"
    file.write_text(content)
    result = casebook("run", "--config", str(file))
    assert result.exit_code in {1, 2}
    assert "options.yml" in result.output
    assert isinstance(result.exception, SystemExit)


def test_an_option_that_kedro_does_not_know_is_refused(casebook: Callable[..., Result]) -> None:
    result = casebook("run", "--pipelin=pima")
    assert result.exit_code == 2
    assert "No such option" in result.output


def test_the_package_runs_as_a_program_and_for_those_who_call_it(
    created: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InterruptedError):
        package.main(OPTIONS)
    monkeypatch.setattr("sys.argv", ["casebook", *OPTIONS])
    monkeypatch.delitem(sys.modules, "casebook.__main__")
    with pytest.raises(InterruptedError):
        runpy.run_module("casebook", run_name="__main__")
    assert created == [EXPECTED, EXPECTED]


@pytest.mark.process
def test_an_installed_package_runs_in_an_empty_folder_on_an_archive_of_the_configuration(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "empty"
    shutil.copytree(ROOT / "src" / "casebook", site / "casebook", ignore=shutil.ignore_patterns("__pycache__"))
    installed = sorted(site.rglob("*"))
    folder.mkdir()
    with tarfile.open(tmp_path / "conf-casebook.tar.gz", "w:gz") as archive:
        archive.add(ROOT / "conf", "conf", filter=lambda member: None if "local/" in member.name else member)
    unseen = ("MLFLOW_", "CASEBOOK_", "KEDRO_", "PYTEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unseen)}
    done = subprocess.run(
        [sys.executable, "-m", "casebook", "--pipelines=pima", "--env=test", "--to-nodes=pima.engineer_features",
         "--conf-source=../conf-casebook.tar.gz"],
        cwd=folder, env=environment | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert {path.name for path in folder.iterdir()} == {"data", "mlruns"}
    assert (folder / "data" / "runs" / "pima" / "latest" / "04_feature" / "feature_table.parquet").is_file()
    store = mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")
    (run,) = store.search_runs([store.get_experiment_by_name("pima").experiment_id])
    assert run.data.tags["command"].startswith("python -m casebook --pipelines=pima")
    assert run.info.artifact_uri.startswith(f"file://{folder}/mlruns/artifacts/")
    assert sorted(site.rglob("*")) == installed
