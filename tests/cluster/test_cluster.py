"""Studies on a cluster of real processes, and what they survive; trials wait where it is not about their training."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from optuna.trial import TrialState
from sqlalchemy import text

from casebook.cluster.addresses import check_addresses
from casebook.cluster.dask_client import open_client
from casebook.cluster.services import Services
from casebook.tuning.errors import StudyError
from casebook.tuning.trials import HEARTBEAT, OWNER, claim_trial, count_failed, drop_replaced, retry_of
from waiting_trials import WaitingLaunch, executor_of, list_begun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import optuna
    from optuna.trial import FrozenTrial
    from tests.project import Project

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.local import LocalCluster

pytestmark = pytest.mark.services
SECONDS, PATIENCE_SECONDS = 1.5, 120.0


def quiet(_text: str) -> None:
    """Say nothing."""


def start(launch: WaitingLaunch, addresses: ClusterAddresses, seconds: float = SECONDS) -> threading.Thread:
    """Run a launch in a thread; an error that it raises is its last line."""

    def run() -> None:
        try:
            executor_of(addresses, seconds).run(launch)
        except StudyError as error:
            launch.lines.append(str(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def wait_until(found: Callable[[], Any]) -> Any:  # noqa: ANN401 - what is looked for
    """Wait until something is so, and return it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if there := found():
            return there
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def on_workers(launch: WaitingLaunch) -> list[FrozenTrial]:
    """Find the trials that workers have begun."""
    running = launch.study.get_trials(states=(TrialState.RUNNING,))
    return [trial for trial in running if trial.user_attrs.get(OWNER, {}).get("pid") not in {None, os.getpid()}]


def assert_whole(launch: WaitingLaunch, count: int) -> None:
    """Each trial of the budget is complete once, nothing is left running, and no value was drawn twice."""
    trials = launch.study.get_trials()
    kept = drop_replaced(trials)
    assert Counter(trial.state for trial in kept) == {TrialState.COMPLETE: count}
    assert len({trial.params["toy.training.x"] for trial in kept}) == count
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.FAIL}


def test_all_addresses_of_the_cluster_are_reached(addresses: ClusterAddresses) -> None:
    check_addresses(addresses)


def test_workers_begin_a_study_before_they_have_a_trial(addresses: ClusterAddresses, tmp_path: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(addresses.tracking)
    client = mlflow.MlflowClient()
    launch = WaitingLaunch(addresses.storage, "early", 2, tmp_path)
    launch.plan = launch.plan.changed(run_id=client.create_run(client.create_experiment("early")).info.run_id)
    executor = executor_of(addresses, 0.1)
    with open_client(addresses.scheduler) as dask:
        assert not any("early" in name for begun in dask.run(list_begun).values() for name in begun)
        executor.prepare(launch.plan)
        executor.run(launch)
        begun = [*dask.run(list_begun).values()]
    assert [(any("early" in name for name in found), "tensorflow" in found) for found in begun] == [(True, True)] * 2
    assert_whole(launch, 2)


def test_two_launches_share_a_study_and_a_killed_worker_s_trial_is_run_again(
    addresses: ClusterAddresses, tmp_path: Path
) -> None:
    launches = [WaitingLaunch(addresses.storage, "killed", 8, tmp_path) for _ in range(2)]
    threads = [start(launch, addresses) for launch in launches]
    victim = wait_until(lambda: on_workers(launches[0]))[0]
    os.kill(victim.user_attrs[OWNER]["pid"], signal.SIGKILL)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert_whole(launches[0], 8)
    trials = launches[0].study.get_trials()
    assert trials[victim.number].state == TrialState.FAIL
    (again,) = [trial for trial in trials if trial.user_attrs.get("retry_of") == victim.number]
    assert again.params == trials[victim.number].params
    lines = [line for launch in launches for line in launch.lines]
    assert f"trial {victim.number}: its worker is gone" in lines
    assert sum(" COMPLETE" in line for line in lines) == 8
    tags = launches[0].trial_runs.tags
    assert tags["cluster.dashboard"].startswith("http://127.0.0.1:")
    assert float(tags["cluster.seconds.training"]) > 0
    assert "Dask Performance Report" in launches[0].trial_runs.report


def test_silence_elsewhere_is_judged_by_the_database_s_clock_and_a_trial_is_run_again_once(
    addresses: ClusterAddresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = WaitingLaunch(addresses.storage, "silent", 3, tmp_path)

    def begin_elsewhere() -> optuna.Trial:
        trial = claim_trial(launch.location, launch.study, launch.plan.study)
        assert trial is not None
        trial.suggest_float("toy.training.x", 0, 1)
        trial.set_user_attr(OWNER, {"host": "elsewhere", "pid": 1, "since": 0.0})
        # By this machine's clock it has been silent since 1970.
        trial.set_user_attr(HEARTBEAT, 0.0)
        return trial

    def fall_silent(trial: optuna.Trial) -> None:
        long_ago = text("UPDATE trial_heartbeats SET heartbeat = heartbeat - interval '100 s' WHERE trial_id = :it")
        with launch.location.storage.engine.begin() as connection:  # type: ignore[attr-defined]
            connection.execute(long_ago, {"it": trial._trial_id})

    first = begin_elsewhere()
    assert launch.retry_dead("silent") == []
    fall_silent(first)
    # As long as the server has not been there for so long itself, nobody could be heard.
    monkeypatch.setattr("casebook.tuning.database.GRACE_SECONDS", 1e9)
    assert launch.retry_dead("silent") == []
    monkeypatch.setattr("casebook.tuning.database.GRACE_SECONDS", 0)
    assert [trial.number for trial in launch.retry_dead("silent")] == [0]
    again = begin_elsewhere()
    assert (again.number, again.params) == (1, first.params)
    assert [retry_of(trial) for trial in launch.study.get_trials()] == [None, 0]
    fall_silent(again)
    assert [trial.number for trial in launch.retry_dead("silent")] == [1]
    assert [trial.state for trial in launch.study.get_trials()] == [TrialState.FAIL] * 2
    assert count_failed(launch.study) == (1, 1)


def test_a_restart_of_postgresql_loses_nothing(
    addresses: ClusterAddresses, local_cluster: LocalCluster, tmp_path: Path
) -> None:
    launch = WaitingLaunch(addresses.storage, "restarted", 6, tmp_path)
    thread = start(launch, addresses)
    wait_until(lambda: on_workers(launch))
    root = psutil.Process(Services(local_cluster.folder).pid("postgresql"))
    # SIGINT ends all connections at once; below root the server is a child of the command that changed its user.
    server = next((each for each in root.children() if each.name() == "postgres"), root)
    server.send_signal(signal.SIGINT)
    root.wait(PATIENCE_SECONDS)
    time.sleep(2 * SECONDS)
    local_cluster.up(2, quiet)
    thread.join(PATIENCE_SECONDS)
    assert_whole(launch, 6)
    assert [trial.number for trial in launch.study.get_trials()] == list(range(6))


def test_a_killed_scheduler_is_told_and_the_next_launch_goes_on(
    addresses: ClusterAddresses, local_cluster: LocalCluster, tmp_path: Path
) -> None:
    launch = WaitingLaunch(addresses.storage, "scheduled", 6, tmp_path)
    thread = start(launch, addresses, 20.0)
    wait_until(lambda: len(on_workers(launch)) == 2)
    services = Services(local_cluster.folder)
    os.kill(services.pid("scheduler"), signal.SIGKILL)
    thread.join(PATIENCE_SECONDS)
    assert launch.lines[-1].startswith(f"the Dask scheduler {addresses.scheduler} is gone: start it, and the same")
    services.stop("workers")
    local_cluster.up(2, quiet)
    again = WaitingLaunch(addresses.storage, "scheduled", 6, tmp_path)
    start(again, addresses, 0.1).join(PATIENCE_SECONDS)
    assert_whole(again, 6)


def test_curves_arrive_late_and_whole_where_the_mlflow_server_was_away(
    addresses: ClusterAddresses, local_cluster: LocalCluster
) -> None:
    import mlflow

    from casebook.tracking.curve_writer import CurveWriter

    mlflow.set_tracking_uri(addresses.tracking)
    client = mlflow.MlflowClient()
    run = client.create_run(client.create_experiment("away"))
    curves, services = CurveWriter(run.info.run_id, fresh=True), Services(local_cluster.folder)
    curves(1, {"train/loss": 1.0})
    services.stop("mlflow")
    began = time.monotonic()
    for epoch in range(2, 6):
        curves(epoch, {"train/loss": 1 / epoch})
        curves.flush()
    assert time.monotonic() - began < 1.0
    local_cluster.up(2, quiet)
    curves.close()
    points = client.get_metric_history(run.info.run_id, "train/loss")
    assert sorted((point.step, point.value) for point in points) == [(n, 1 / n) for n in range(1, 6)]


def test_a_study_of_a_case_runs_on_the_cluster_and_goes_on_on_one_machine(
    addresses: ClusterAddresses, new_project: Callable[[], Project]
) -> None:
    import mlflow

    project = new_project()
    (project.root / "conf" / "local" / "pima").mkdir()
    small = (project.root / "conf" / "test" / "pima" / "parameters.yml").read_text()
    (project.root / "conf" / "local" / "pima" / "parameters.yml").write_text(small)
    variables = {name: os.environ[name] for name in (*addresses.by_variable(), "PGPASSFILE")}
    for name in ("cluster", "local"):
        (project.root / "conf" / name / "pima").mkdir(exist_ok=True)
        (project.root / "conf" / name / "pima" / "parameters.yml").write_text(small)
    given = "pima.study.seeds=1,pima.study.folds=0,pima.study.pruner=median,pima.study.trials="
    code, said = project.kedro("run", "--env=cluster", "--pipeline=pima_study", "--params", f"{given}3", **variables)
    assert code == 0, said[-3000:]
    assert "trials run on Dask's scheduler" in said
    code, said = project.kedro("run", "--pipeline=pima_study", "--params", f"{given}4", **variables)
    assert code == 0, said[-3000:]
    mlflow.set_tracking_uri(addresses.tracking)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("pima")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = {int(run.data.tags["optuna.trial"]): run for run in runs if "mlflow.parentRunId" in run.data.tags}
    assert sorted(children) == [0, 1, 2, 3]
    assert {run.info.status for run in children.values()} == {"FINISHED"}
    assert all({"train/loss", "val/loss"} <= run.data.metrics.keys() for run in children.values())
    assert len(client.get_metric_history(children[0].info.run_id, "val/loss")) == 2
    assert parent.data.tags["cluster.scheduler"] == addresses.scheduler
    assert "study/performance_report.html" in {file.path for file in client.list_artifacts(parent.info.run_id, "study")}
    assert "casebook@" in children[0].data.tags["optuna.storage"]
