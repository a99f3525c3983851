"""Runs that are interrupted or killed."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
import threading
from typing import TYPE_CHECKING

from casebook.compute.gc_tuning import skip_gc_at_exit
from casebook.tracking.disk_space import describe_full_disk

if TYPE_CHECKING:
    from types import FrameType

TERMINATED = 128 + signal.SIGTERM


def end_killed_runs() -> None:
    """Register exit handlers that end a run still open as KILLED.

    Kedro calls no hook on Ctrl-C, and MLflow's own exit handler would say FINISHED; this one runs before it.
    """
    skip_gc_at_exit()
    atexit.register(_end_open_runs)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _leave)


def _end_open_runs() -> None:
    import mlflow

    while run := mlflow.active_run():
        try:
            mlflow.end_run("KILLED")
        except mlflow.MlflowException:
            # A write that the signal broke off may keep the store locked until what is left of it is collected.
            gc.collect()
            try:
                mlflow.MlflowClient().set_terminated(run.info.run_id, "KILLED")
            except mlflow.MlflowException as error:
                # The run's command has said so; nothing more can be written of the run.
                if not describe_full_disk(error):
                    raise


def _leave(_number: int, _frame: FrameType | None) -> None:
    # An ordinary exit, so that exit handlers run and half-written files are removed.
    sys.exit(TERMINATED)
