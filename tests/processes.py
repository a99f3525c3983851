"""Which tests start processes, that no other does, and how all are dealt to workers: loaded by the tests' conftest."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from casebook.compute.gc_tuning import raise_gc_threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer

# Whatever is made with these starts processes.
FIXTURES = {"new_project", "ended_process"}
MARKERS = ("services", "browser")
# What all tests on the finished run share: they go to one worker, so that it is made once.
SHARED, SHARED_TYPE = "finished", "Finished"
EVENTS = {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.system"}
# Short programs of the system that libraries ask about it.
ASKED = {"git", "uname", "lscpu", "ldconfig", "gcc", "cc", "ld", "objdump"}
# The test that runs and must start no process; None where it may.
guarded: list[str | None] = [None]


class FilesTogether(LoadScopeScheduling):
    """Deals out files, those with the finished run as one; xdist's own groups do nothing since pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return SHARED if shares_run(self.config.rootpath / file) else file


@cache
def shares_run(file: Path) -> bool:
    return SHARED_TYPE in file.read_text()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether:
    return FilesTogether(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts processes and begin with it: what is short fills the workers' ends."""
    for item in items:
        if set(getattr(item, "fixturenames", ())) & FIXTURES or any(map(item.get_closest_marker, MARKERS)):
            item.add_marker("process")
    slow = {item.path for item in items if item.get_closest_marker("process")}
    # The sort is stable: tests of one file stay in their order.
    items.sort(key=lambda item: (not shares_run(item.path), item.path not in slow))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare the garbage collector everything that was imported, as a run does."""
    raise_gc_threshold()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    guarded[0] = None if item.get_closest_marker("process") else item.nodeid
    try:
        return (yield)
    finally:
        guarded[0] = None


def refuse_process(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail a test that starts a process and is not marked so; `make test-fast` counts on the marks."""
    if guarded[0] is None or event not in EVENTS:
        return
    program = Path(os.fsdecode(arguments[0])).name if arguments and arguments[0] else event
    if program not in ASKED:
        guarded[0] = None
        pytest.fail(f"{program} is started by a test that is not marked `process`")


sys.addaudithook(refuse_process)
