"""`casebook dashboard`: on which storage it opens, and what it says where there is none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from casebook.cli import arguments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which no study has been begun."""
    monkeypatch.setattr(arguments, "_listen", lambda *_: None)
    (tmp_path / "conf" / "base").mkdir(parents=True)
    (tmp_path / "conf" / "local").mkdir()
    (tmp_path / "conf" / "base" / "parameters.yml").write_text("pima: {study: {}}\n")
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\npackage_name = 'casebook'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_where_no_study_has_been_begun_it_says_how_to(casebook: Callable[..., Result], project: Path) -> None:
    assert project
    result = casebook("dashboard", "pima")
    told = "no study of pima has been begun here; begin one with casebook run --pipelines=pima_study"
    assert (result.exit_code, result.output) == (1, f"Error: {told}\n")


def test_it_opens_on_the_studys_journal(
    casebook: Callable[..., Result], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[object] = []
    monkeypatch.setattr("optuna_dashboard.run_server", lambda _storage, **on: served.append(on))
    journal = project / "data" / "06_models" / "pima" / "study.journal"
    journal.parent.mkdir(parents=True)
    journal.touch()
    assert casebook("dashboard", "pima", "--port", "8081").output == "http://127.0.0.1:8081\n"
    assert served == [{"host": "127.0.0.1", "port": 8081}]


def test_a_study_on_postgresql_without_its_driver_names_the_extra(
    casebook: Callable[..., Result], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = "pima: {study: {storage: 'postgresql://me:secret@db/studies'}}\n"
    (project / "conf" / "base" / "parameters.yml").write_text(stored)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    result = casebook("dashboard", "pima")
    told = "study.storage postgresql://me@db/studies needs the extra \"postgres\": pip install 'casebook[postgres]'"
    assert (result.exit_code, result.output) == (1, f"Error: {told}\n")
