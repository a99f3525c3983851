"""Kedro's `run`: an option that it cannot take is told in one line."""

from __future__ import annotations

import logging
import os
from copy import copy
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.project import run as kedro_run

from casebook.caching.session import refuse_runner
from casebook.cli.run_options import replace_options
from casebook.config.quiet import QUIET_VARIABLE

if TYPE_CHECKING:
    from types import TracebackType

REFUSED_RUNNERS = {"ParallelRunner", "ThreadRunner"}
# Where Kedro looks at the options: names of runners, of their parameters, of nodes, datasets, tags and pipelines.
READING_OPTIONS = {
    "kedro.framework.cli.project", "kedro.framework.session.session", "kedro.pipeline.pipeline", "kedro.utils"
}  # fmt: skip


def _run(*, quiet: bool = False, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - Kedro's own
    if quiet:
        os.environ[QUIET_VARIABLE] = "1"
        logging.getLogger("casebook").setLevel(logging.WARNING)
    # To make one of these starts a process already.
    runner = str(options["runner"] or "").rpartition(".")[2]
    if runner in REFUSED_RUNNERS:
        raise refuse_runner(f"--runner={runner}")
    try:
        outcome: dict[str, Any] = kedro_run.callback(**options)  # type: ignore[misc]
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        if _raised_in(error.__traceback__) not in READING_OPTIONS:
            raise
        raise click.UsageError(" ".join(str(error).split())) from None
    return outcome


def _raised_in(trace: TracebackType | None) -> str:
    """Return the module in which an error was raised; what Python imports for it is that one's."""
    raised = ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        raised, trace = raised if module.startswith("importlib") else module, trace.tb_next
    return raised


run = replace_options(copy(kedro_run))
run.params = [*run.params, click.Option(["--quiet"], is_flag=True, help="Print warnings and the result alone.")]
run.callback = _run
