"""Nodes that run in the background process of a run."""

# ruff: noqa: ANN401, S301 - any function is handed over, and what is unpickled was pickled here

from __future__ import annotations

import json
import logging
import os
import pickle
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from kedro.framework.hooks.manager import _NullPluginManager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from casebook.background import runner as module
from casebook.background.process import SUBMITTED, BackgroundProcess, ProcessLostError, Submission
from casebook.background.runner import BackgroundRunner, NodeSchedule
from casebook.background.transfer import PickledOutput
from casebook.stages import BACKGROUND, CACHED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Here:
    """In the place of the process: answers when it is asked to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    def submit(self, function: Any, inputs: Any, outputs: int, folder: Path | None = None) -> Submission:
        self.asked.append(function.__name__)
        submission = Submission(function, inputs, outputs, folder)
        submission.take()
        return submission

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """The process, without one."""
    process = Here()
    monkeypatch.setattr(module, "BackgroundProcess", lambda: process)
    return process


def halve(value: float) -> float:
    if value < 0:
        raise ValueError(f"{value} is below 0")
    return value / 2


def split(value: float) -> tuple[float, float]:
    return value, -value


def write(value: float) -> str:
    return str(value)


def background(function: Any, inputs: str, outputs: Any, name: str) -> Any:
    return node(function, inputs, outputs, name=name, tags=["reference", BACKGROUND])


PIPELINE = Pipeline(
    [
        node(abs, "given", "size", name="measure"),
        background(split, "size", ["positive", "negative"], "split"),
        background(halve, "positive", "half", "halve"),
        node(lambda half, size: half + size, ["half", "size"], "sum", name="add"),
        node(write, "size", "text", name="write"),
    ]
)


def run(given: float, pipeline: Pipeline = PIPELINE) -> dict[str, Any]:
    catalog = DataCatalog({"given": MemoryDataset(given)})
    outputs = BackgroundRunner().run(pipeline, catalog, hook_manager=_NullPluginManager())
    return {name: dataset.load() for name, dataset in outputs.items()}


def test_tagged_nodes_are_handed_over_and_the_others_run_here(here: Here) -> None:
    assert run(-4.0) == {"sum": 6.0, "text": "4.0", "negative": -4.0}
    assert here.asked == ["split", "halve"]
    assert here.closed
    assert module.NODE_SECONDS.keys() == {"split", "halve"}


def test_what_only_background_nodes_take_stays_pickled(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    submit = here.submit

    def watch(function: Any, inputs: Any, *rest: Any) -> Submission:
        seen.extend(inputs)
        return submit(function, inputs, *rest)

    monkeypatch.setattr(here, "submit", watch)
    run(-4.0)
    assert seen == [4.0, PickledOutput(pickle.dumps(4.0, protocol=5))]


@pytest.mark.usefixtures("here")
def test_a_node_here_finds_what_is_kept_by_its_output_while_the_run_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "project_root", lambda: tmp_path)

    def take(value: float) -> float:
        assert SUBMITTED.keys() == {"half"}
        taken: float = pickle.loads(SUBMITTED["half"].take()[1][0])
        return value + taken

    kept = node(halve, "given", "toys.half", name="halve", tags=["reference", BACKGROUND, CACHED])
    pipeline = Pipeline([kept, background(write, "given", "toys.text", "write"), node(take, "given", "sum")])
    assert run(3.0, pipeline)["sum"] == 4.5
    assert SUBMITTED == {}


def test_an_error_in_the_background_is_that_of_the_run_and_nothing_is_left(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Pipeline([background(halve, "given", "half", "halve"), node(write, "half", "text")])
    with caplog.at_level(logging.CRITICAL), pytest.raises(ValueError, match=r"-1\.0 is below 0"):
        run(-1.0, failing)
    assert here.closed


def test_a_pipeline_without_such_nodes_starts_no_process(here: Here) -> None:
    assert run(3.0, Pipeline([node(abs, "given", "size")])) == {"size": 3.0}
    assert here.asked == []
    assert not here.closed


def test_nodes_on_which_others_wait_come_first_and_answers_before_all() -> None:
    order = NodeSchedule(PIPELINE)
    measure, *_ = order.ready()
    assert measure.name == "measure"
    order.finish(measure)
    assert [each.name for each in order.ready()] == ["split", "write"]
    waiting: Future[Any] = Future()
    order.submitted[order.ready()[0]] = waiting
    assert order.next_node().name == "write"
    waiting.set_result(None)
    assert order.next_node().name == "split"


@pytest.fixture(scope="module")
def process() -> Iterator[BackgroundProcess]:
    """A real process."""
    process = BackgroundProcess()
    yield process
    process.close()


@pytest.mark.process
def test_a_process_of_its_own_computes_gives_errors_back_and_keeps_to_its_threads(process: BackgroundProcess) -> None:
    _, (squares,), error, _ = process.submit(np.square, [np.arange(3)], 1).result()
    assert (pickle.loads(squares).tolist(), error) == ([0, 1, 4], None)
    *_, error, _ = process.submit(json.loads, ["{"], 1).result()
    assert type(error) is json.JSONDecodeError
    _, (threads,), *_ = process.submit(os.getenv, ["OMP_NUM_THREADS"], 1).result()
    assert int(pickle.loads(threads)) == max(1, (os.cpu_count() or 1) // 2)
    _, (number,), *_ = process.submit(os.getpid, [], 1).result()
    assert pickle.loads(number) in {child.pid for child in psutil.Process().children()}


@pytest.mark.process
def test_what_the_process_has_not_come_to_is_computed_where_it_is_needed_and_by_nobody_else(
    process: BackgroundProcess, tmp_path: Path
) -> None:
    process.submit(time.sleep, [0.5], 1)
    waiting = process.submit(os.getpid, [], 1, tmp_path)
    _, (number,), *_ = waiting.take()
    assert pickle.loads(number) == os.getpid()
    assert waiting.take() is waiting.result()
    # The process leaves it out: its next answer comes after the sleep, and what was kept is the run's own.
    process.submit(len, ["abc"], 1).result()
    assert pickle.loads(waiting.result()[1][0]) == os.getpid()
    assert len(list(tmp_path.glob("*.pickle"))) == 1


@pytest.mark.process
def test_what_cannot_be_computed_here_is_an_error_for_all_who_wait() -> None:
    cannot_be_sent = Submission(len, [[lambda: 0]], 1)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        cannot_be_sent.take()
    assert cannot_be_sent.done()
    with pytest.raises((AttributeError, pickle.PicklingError)):
        cannot_be_sent.take()


@pytest.mark.process
def test_an_answer_that_the_process_computes_is_waited_for(process: BackgroundProcess) -> None:
    begun = process.submit(os.getpid, [], 1)
    process.submit(len, ["abc"], 1).result()
    assert pickle.loads(begun.take()[1][0]) != os.getpid()


@pytest.mark.process
def test_a_process_that_is_killed_is_told_of_and_one_that_is_closed_is_gone() -> None:
    lost = BackgroundProcess()
    with pytest.raises(ProcessLostError, match="ended with 3 while it computed _exit"):
        lost.submit(os._exit, [3], 1).result()
    lost.close()
    assert lost._process.pid not in {child.pid for child in psutil.Process().children()}
