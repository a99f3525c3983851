"""`casebook ui`: which store and which artifacts MLflow's server is started on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from casebook.cli import arguments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def replaced(casebook: object, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let no process be replaced -> the words of what would have replaced it."""
    assert casebook
    words: list[list[str]] = []

    def keep(_program: str, command: list[str], environment: dict[str, str]) -> None:
        # MLflow's runner of jobs, and a process for each of its queues, would take five times the memory.
        assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
        words.append(command)

    monkeypatch.delenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", raising=False)
    monkeypatch.setattr("os.execve", keep)
    monkeypatch.setattr("casebook.tracking.sqlite_store.open_read_only", lambda address: address)
    monkeypatch.setattr(arguments, "_listen", lambda *_: None)
    return words


def value_of(option: str, words: list[str]) -> str:
    return words[words.index(option) + 1]


def test_it_opens_on_the_projects_own_store_and_artifacts(
    casebook: Callable[..., Result], replaced: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    opened = casebook("ui", "--port", "5001")
    assert opened.exit_code == 0
    assert opened.output == "MLflow UI: http://127.0.0.1:5001 (Ctrl+C ends it)\n"
    (words,) = replaced
    assert value_of("--backend-store-uri", words) == f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    assert value_of("--port", words) == "5001"
    assert value_of("--workers", words) == "1"
    assert value_of("--default-artifact-root", words) == f"file://{tmp_path}/mlruns/artifacts"


def test_on_a_named_store_it_leaves_the_artifacts_to_it(
    casebook: Callable[..., Result], replaced: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://127.0.0.1:1/runs")
    assert casebook("ui").exit_code == 0
    (words,) = replaced
    assert value_of("--backend-store-uri", words) == "postgresql://127.0.0.1:1/runs"
    assert value_of("--port", words) == "5000"
    assert "--default-artifact-root" not in words


def test_a_server_s_own_pages_are_named_without_its_password(
    casebook: Callable[..., Result], replaced: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:s3cret@127.0.0.1:1")
    opened = casebook("ui")
    assert (opened.exit_code, opened.output) == (
        0,
        "MLflow UI: http://ann@127.0.0.1:1, of the server that keeps the runs\n",
    )
    assert replaced == []
