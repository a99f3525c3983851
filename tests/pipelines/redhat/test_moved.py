"""What a project has learnt goes with it when it is copied or moved."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd

from casebook.model_registry.champion import load_champion, open_registry

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.conftest import Finished


def stamps(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return which writing of each file this is."""
    found = {str(file): file.stat() for file in root.rglob("*") if file.is_file()}
    return {name: (state.st_ino, state.st_mtime_ns, state.st_size) for name, state in found.items()}


def test_copied_and_moved_projects_answer_with_champions_of_their_own_and_leave_the_original_alone(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = finished.project.root
    before = stamps(original)
    copied = shutil.copytree(original, tmp_path / "the copy", symlinks=True)
    joined = pd.read_parquet(
        copied / "data" / "runs" / "redhat" / "latest" / "03_primary" / "joined_rows.parquet"
    ).head(20)
    answers = []
    for folder in (copied, tmp_path / "moved"):
        if folder != copied:
            copied.rename(folder)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.chdir(folder)
        open_registry()
        champion = load_champion("redhat")
        assert champion.folder.is_relative_to(folder)
        assert champion.profile
        answers.append(champion.predict(joined.drop(columns="outcome").astype("object")))
    pd.testing.assert_frame_equal(*answers)
    assert stamps(original) == before
