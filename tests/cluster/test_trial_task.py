"""What a worker does for a study, without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from casebook.cluster import trial_task
from casebook.cluster.tickets import Beginning
from casebook.cluster.versions import list_versions

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN: Any = "the study"
TRACKING = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}


@pytest.mark.parametrize(("casebook", "begun"), [(None, ["process", "study", "runs"]), ("0.0.0", [])])
def test_a_worker_with_other_versions_begins_nothing(
    casebook: str | None, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *_told: done.append(name)

    for function, name in (("prepare_process", "process"), ("open_study", "study"), ("open_runs", "runs")):
        monkeypatch.setattr(trial_task, function, note(name))
    versions = {**list_versions(), **({"casebook": casebook} if casebook else {})}
    trial_task.begin_study(Beginning(PLAN, TRACKING, versions))
    assert done == begun
