"""The page of a run: made when the run has ended, and no second complaint about one that failed on its way."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import mlflow
import pytest

from casebook.hooks.reporting import ReportHook
from casebook.stages.monitoring import create_monitoring_pipeline

if TYPE_CHECKING:
    from collections.abc import Generator

    from kedro.framework.context import KedroContext


def wrapped(hook: ReportHook, *, error: bool) -> Generator[None, None, None]:
    pipeline = create_monitoring_pipeline("pima")
    return hook.on_pipeline_error(pipeline) if error else hook.after_pipeline_run(pipeline)


@pytest.mark.parametrize(("error", "said"), [(True, []), (False, ["run {run} has no page: run {run} has nothing"])])
def test_a_monitor_that_failed_before_it_had_scores_complains_of_its_error_alone(
    error: bool, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    hook = ReportHook()
    hook.context = cast("KedroContext", SimpleNamespace(params={"pima": {"report": "full"}}))
    with mlflow.start_run() as run, caplog.at_level(logging.WARNING):
        steps = wrapped(hook, error=error)
        next(steps)
        next(steps, None)
    starts = [line.format(run=run.info.run_id) for line in said]
    assert [message[: len(start)] for message, start in zip(caplog.messages, starts, strict=True)] == starts
