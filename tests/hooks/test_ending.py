from __future__ import annotations

import signal

import mlflow
import pytest

from casebook.hooks import ending


def test_a_run_still_open_when_the_process_leaves_is_killed_with_its_children() -> None:
    with mlflow.start_run() as outer, mlflow.start_run(nested=True) as inner:
        ending._end_open_runs()
    assert [mlflow.get_run(run.info.run_id).info.status for run in (outer, inner)] == ["KILLED", "KILLED"]


def test_a_run_that_ended_by_itself_stays_as_it_is() -> None:
    with mlflow.start_run() as run:
        pass
    ending._end_open_runs()
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"


def test_a_store_that_was_locked_by_the_broken_off_write_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = mlflow.MlflowClient.set_terminated, []

    def locked_once(client: mlflow.MlflowClient, run_id: str, status: str | None = None) -> None:
        asked.append(status)
        if len(asked) == 1:
            raise mlflow.MlflowException("database is locked")
        real(client, run_id, status)

    with mlflow.start_run() as run:
        monkeypatch.setattr(mlflow.MlflowClient, "set_terminated", locked_once)
        ending._end_open_runs()
    assert asked == ["KILLED", "KILLED"]
    assert mlflow.get_run(run.info.run_id).info.status == "KILLED"


def test_a_termination_leaves_through_the_exit_handlers_with_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[object] = []
    monkeypatch.setattr(ending.atexit, "register", registered.append)
    before = signal.getsignal(signal.SIGTERM)
    try:
        ending.end_killed_runs()
        # The last one registered runs first: runs are ended before the collector is told to rest.
        assert registered[-1] == ending._end_open_runs
        with pytest.raises(SystemExit) as left:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert left.value.code == 143
