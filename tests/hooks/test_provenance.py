from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from casebook.hooks import provenance
from casebook.hooks.provenance import describe_command, describe_commit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["/usr/bin/kedro", "run", "--params", "a.b=1,c=x y"], "kedro run --params 'a.b=1,c=x y'"),
        (["/venv/bin/casebook", "run", "--pipelines=pima"], "casebook run --pipelines=pima"),
        (["/site-packages/casebook/__main__.py", "--pipelines=pima"], "python -m casebook --pipelines=pima"),
        (["/site-packages/kedro/__main__.py", "run", "--env", "test"], "python -m kedro run --env test"),
    ],
)
def test_the_command_is_told_as_it_can_be_typed_again(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], told: str
) -> None:
    monkeypatch.setattr("sys.argv", typed)
    assert describe_command() == told


@pytest.mark.parametrize(("status", "dirty"), [("", "false"), (" M conf/base/catalog.yml", "true")])
def test_the_commit_is_told_with_whether_files_differ_from_it(
    monkeypatch: pytest.MonkeyPatch, status: str, dirty: str
) -> None:
    monkeypatch.setattr(provenance, "_git", lambda verb, *_: {"rev-parse": "c0ffee", "status": status}[verb])
    assert describe_commit() == {"git.commit": "c0ffee", "git.dirty": dirty}


def no_git(*_words: object, **_options: object) -> None:
    raise FileNotFoundError("git")


def no_checkout(*_words: object, **_options: object) -> None:
    raise subprocess.CalledProcessError(128, "git")


@pytest.mark.parametrize("answer", [no_git, no_checkout])
def test_where_there_is_no_git_or_no_checkout_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[..., None], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", answer)
    assert describe_commit() == {}
