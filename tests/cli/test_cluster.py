"""`casebook cluster`: what it says where nothing runs, and without its extra."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(autouse=True)
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)


def test_where_nothing_was_started_status_says_how_to(casebook: Callable[..., Result]) -> None:
    result = casebook("cluster", "status")
    assert result.exit_code == 1
    assert "no cluster was started here; start one with casebook cluster up" in result.output


def test_down_where_nothing_runs_is_done_at_once(casebook: Callable[..., Result], tmp_path: Path) -> None:
    result = casebook("cluster", "down")
    assert (result.exit_code, result.output) == (0, "no cluster was started here\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["up"], ["down"], ["status"]])
def test_without_the_extra_each_says_which_to_install(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = casebook("cluster", *words)
    assert result.exit_code == 1
    assert "a cluster needs the extra \"cluster\": pip install 'casebook[cluster]'" in result.output


def test_a_number_of_workers_is_at_least_one(casebook: Callable[..., Result]) -> None:
    refused = casebook("cluster", "up", "--workers", "0").output
    assert "Invalid value for '--workers': 0 is not in the range x>=1" in refused
