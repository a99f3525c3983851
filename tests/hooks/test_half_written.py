"""A dataset that a full disk broke off in the middle is removed, unless it is written whole anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kedro.io import DataCatalog
from kedro_datasets.json import JSONDataset

from casebook.datasets import TableFile
from casebook.hooks.half_written import HalfWrittenHook

if TYPE_CHECKING:
    from pathlib import Path

FULL, OTHER = OSError(28, "No space left on device"), OSError(13, "Permission denied")


@pytest.mark.parametrize(
    ("name", "error", "ended", "left"),
    [
        ("theirs", FULL, False, False),
        ("theirs", OTHER, False, True),
        ("theirs", FULL, True, True),
        ("ours", FULL, False, True),
    ],
)
def test_what_was_being_saved_is_removed_on_a_full_disk_alone(
    tmp_path: Path, name: str, error: OSError, ended: bool, left: bool
) -> None:
    file = tmp_path / name
    file.write_text("half")
    datasets = {"theirs": JSONDataset(filepath=str(tmp_path / "theirs")), "ours": TableFile(str(tmp_path / "ours"))}
    hook = HalfWrittenHook()
    hook.before_dataset_saved(name)
    if ended:
        hook.after_dataset_saved()
    # What pluggy drives: up to the other hooks, and past them.
    assert list(hook.on_pipeline_error(error, DataCatalog(datasets))) == [None]
    assert file.exists() == left


def test_of_a_folder_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "curve.png").write_text("half")
    hook = HalfWrittenHook()
    hook.before_dataset_saved("figures")
    list(hook.on_pipeline_error(FULL, DataCatalog({"figures": JSONDataset(filepath=str(tmp_path / "figures"))})))
    assert list(tmp_path.iterdir()) == []
