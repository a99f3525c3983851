"""A whole run whose tables are worked on in parts, beside the same run in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Finished
    from tests.project import Project


@pytest.mark.process
def test_a_run_in_parts_scores_as_the_run_in_memory_does(
    finished: Finished, new_project: Callable[[], Project]
) -> None:
    """So few rows are trained on in the same order, so that the scores differ by sums in another order alone."""
    *command, given = finished.command
    # Of its own: other tests look at what the finished run has left.
    project = new_project()
    code, said = project.kedro(*command, f"{given},redhat.engine=dask")
    assert code == 0, said[-3000:]
    found, usual = (run.data.metrics for run in (project.runs()[0], finished.run))
    assert found["data/shards"] >= 1
    same = ("test/", "baseline/", "reference/", "val/", "train/", "data/train", "data/test", "data/promotion")
    # Copies of rows are looked for in whole tables alone.
    names = [name for name in usual if name.startswith(same) and "seen_row" not in name]
    assert len(names) > 15
    assert {name: found[name] for name in names} == pytest.approx({name: usual[name] for name in names}, abs=0.01)
    kept = {path.name for path in (project.root / "data/runs/redhat").glob("*/05_model_input/*_arrays/00000")}
    assert kept == {"00000"}
