"""The end of a run in its folder: whatever kills it there, what it has trained is not lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from casebook.hooks.own_folder import OwnFolder
from casebook.run_folders.folder import FINISHED, TRAINING, RunFacts, RunFolder

if TYPE_CHECKING:
    from pathlib import Path

KEEP = {"keep_runs": {"finished": 2, "resumable_days": 3}}


class Killed(BaseException):
    """What happens at the moment of a kill."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    folder = RunFolder("pima", "f" * 32)
    folder.begin(RunFacts(TRAINING, {}))
    folder.checkpoint.parent.mkdir()
    folder.checkpoint.write_bytes(b"weights")
    return folder


def own(folder: RunFolder) -> OwnFolder:
    made = OwnFolder(SimpleNamespace(params={"pima": KEEP}), Pipeline([]), DataCatalog(), "pima", TRAINING)
    made._folder = folder
    return made


def test_a_finished_run_keeps_no_checkpoint(folder: RunFolder) -> None:
    own(folder).finish()
    facts = folder.read()
    assert facts is not None
    assert facts.state == FINISHED
    assert not folder.checkpoint.exists()
    assert folder.path.with_name("latest").resolve() == folder.path


def test_a_run_that_is_killed_while_it_is_marked_as_finished_can_still_be_resumed(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(RunFolder, "end", killed)
    with pytest.raises(Killed):
        own(folder).finish()
    assert folder.checkpoint.read_bytes() == b"weights"
