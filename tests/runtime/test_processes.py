from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from casebook.runtime import processes
from casebook.runtime.processes import INITIAL_NAMESPACE, ProcessIdentity, this_process


@pytest.fixture
def ended(ended_process: int) -> ProcessIdentity:
    return replace(this_process(), pid=ended_process, started="1")


def test_this_process_is_not_gone_and_an_ended_one_is(ended: ProcessIdentity) -> None:
    assert this_process().pid == os.getpid()
    assert not this_process().gone
    assert ended.gone


def test_another_process_with_the_number_of_an_ended_one_is_not_taken_for_it() -> None:
    assert replace(this_process(), started="1").gone


@pytest.mark.parametrize("field", ["host", "machine", "namespace"])
def test_nothing_is_known_of_a_process_elsewhere(ended: ProcessIdentity, field: str) -> None:
    assert not replace(ended, **{field: "another"}).gone


def test_what_ran_before_the_machine_was_started_anew_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    here = replace(this_process(), machine="abc", namespace=INITIAL_NAMESPACE)
    monkeypatch.setattr(processes, "this_process", lambda: here)
    before = replace(here, boot="earlier")
    assert before.gone
    # Containers on two machines may bear one name.
    assert not replace(before, namespace="pid:[1]").gone
    monkeypatch.setattr(processes, "this_process", lambda: replace(here, machine=""))
    assert not replace(before, machine="").gone


@pytest.mark.process
def test_a_killed_process_that_its_parent_has_not_heard_of_yet_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = replace(this_process(), pid=process.pid, started=processes._start_of(process.pid))
        assert not identity.gone
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identity.gone


def test_an_identity_comes_back_from_what_describes_it() -> None:
    assert ProcessIdentity.of(this_process().describe()) == this_process()


@pytest.mark.parametrize("facts", [None, [], {}, {"pid": 1}, {**this_process().describe(), "pid": "1"}])
def test_what_describes_no_process_is_none(facts: object) -> None:
    assert ProcessIdentity.of(facts) is None
