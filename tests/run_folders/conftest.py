"""Folders of runs of a case in a temporary project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from casebook.run_folders.folder import FINISHED, RunFacts, RunFolder
from casebook.runtime.processes import this_process
from casebook.training.checkpoints import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HISTORY = [{"epoch": 1, "train/loss": 0.5, "val/loss": 0.75}, {"epoch": 2, "train/loss": 0.25, "val/loss": 0.625}]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the runs of the case `toy`."""
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    return tmp_path / "data" / "runs" / "toy"


@pytest.fixture
def add(runs: Path) -> Callable[..., RunFolder]:
    """Add a run, finished if nothing else is said, whose process is gone if it is not said to be live."""

    def add_run(name: str, checkpoint: bool = False, live: bool = False, **facts: Any) -> RunFolder:  # noqa: ANN401
        assert runs
        folder = RunFolder("toy", name)
        process = this_process() if live else replace(this_process(), started="1")
        given = {"job": "training", "parameters": {}, "state": FINISHED, "processes": [process.describe()], **facts}
        folder.write(RunFacts(**given))
        if checkpoint:
            Checkpoint(folder.checkpoint, name).save({"history": HISTORY}, [])
        return folder

    return add_run
