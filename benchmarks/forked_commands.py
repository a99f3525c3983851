"""Run many `kedro` commands quickly: each in a fork of this process, which has imported what they need."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Their threads would not live on in a fork.
STARTING_THREADS = frozenset({"tensorflow", "keras"})


def run_in_fork(arguments: list[str]) -> tuple[int, str]:
    """Run a `kedro` command in a fork of this process -> exit code and console text.

    What it has imported is then imported here, since the next command would take most of its time for that.
    """
    with tempfile.TemporaryFile("w+") as console, tempfile.TemporaryFile("w+") as modules:
        child = os.fork()
        if not child:
            os.dup2(console.fileno(), 1)
            os.dup2(console.fileno(), 2)
            code = run_here(arguments)
            modules.write("\n".join(sys.modules))
            modules.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        modules.seek(0)
        warm_up(modules.read().split())
        console.seek(0)
        return os.waitstatus_to_exitcode(status), console.read()


def run_here(arguments: list[str]) -> int:
    """Run a `kedro` command in this process -> exit code."""
    from kedro.framework.cli.cli import KedroCLI

    os.environ.update(COLUMNS="160", MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING="false")
    try:
        KedroCLI(project_path=Path.cwd()).main(arguments, prog_name="kedro")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - Python would print it in a process of its own, too
        traceback.print_exc()
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def warm_up(modules: Iterable[str]) -> None:
    """Import what a command has imported, unless its threads would be lost, and hash our own code."""
    from casebook import datasets
    from casebook.caching.code_hash import hash_code

    names = list(modules)
    if not STARTING_THREADS.isdisjoint(names):
        return
    for name in names:
        if name not in sys.modules:
            # Those that a logged model brings along are found by the command alone.
            with suppress(ImportError):
                importlib.import_module(name)
    for name in datasets.__all__:
        hash_code(getattr(datasets, name))
