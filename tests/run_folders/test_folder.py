from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from casebook.run_folders.folder import FAILED, FINISHED, RUNNING, RunFacts, RunFolder
from casebook.runtime.processes import this_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FACTS = RunFacts("training", {"split": {"seed": 1}}, "abc", "run 0")


@pytest.fixture
def folder(runs: Path) -> RunFolder:
    found = RunFolder("toy", "run 1")
    assert found.path == runs / "run 1"
    return found


def test_a_run_that_begins_is_known_with_its_process(folder: RunFolder) -> None:
    folder.begin(FACTS)
    facts = folder.read()
    assert facts is not None
    assert facts == replace(FACTS, begun=facts.begun, processes=[this_process().describe()])
    assert facts.begun > 1e9
    assert facts.live


def test_a_run_that_has_ended_is_no_longer_at_work(folder: RunFolder) -> None:
    folder.begin(FACTS)
    folder.end(FAILED)
    facts = folder.read()
    assert facts is not None
    assert (facts.state, facts.live, facts.processes) == (FAILED, False, [])
    assert facts.ended >= facts.begun


def test_a_run_that_others_have_joined_goes_on_when_one_of_them_ends(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = this_process(), replace(this_process(), pid=1, started="0")
    monkeypatch.setattr("casebook.runtime.processes._start_of", lambda pid: "0" if pid == 1 else own.started)
    for process in (other, own):
        monkeypatch.setattr("casebook.run_folders.folder.this_process", lambda process=process: process)
        folder.begin(FACTS)
    folder.end(FINISHED)
    facts = folder.read()
    assert facts is not None
    assert (facts.state, facts.processes, facts.live) == (RUNNING, [other.describe()], True)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"job": "training"}', '{"job": 1, "parameters": [], "a": 1}']
)
def test_what_cannot_be_read_is_said_by_its_name_and_passed_over(
    folder: RunFolder, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder.begin(FACTS)
    file = folder.path / "run.json"
    file.write_text(content)
    assert folder.read() is None
    assert f"{file} cannot be read" in caplog.text
    assert "passed over; remove its folder" in caplog.text


def test_a_run_without_a_folder_is_unknown(folder: RunFolder, caplog: pytest.LogCaptureFixture) -> None:
    assert folder.read() is None
    assert caplog.text == ""


def test_facts_are_json(add: Callable[..., RunFolder]) -> None:
    assert json.loads((add("run 2").path / "run.json").read_text())["state"] == FINISHED
