"""Seconds by stage."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import mlflow
import pytest
from kedro.pipeline import node

from casebook.background.runner import NODE_SECONDS
from casebook.hooks import summary
from casebook.hooks.summary import SummaryHook, stage_of


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still; the process began 3 seconds before."""
    clock = Clock()
    monkeypatch.setattr(summary, "time", clock)
    monkeypatch.setattr(summary.psutil, "Process", lambda: SimpleNamespace(create_time=lambda: clock.now - 3))
    return clock


@pytest.fixture
def hook(clock: Clock) -> SummaryHook:
    assert clock
    hook = SummaryHook()
    hook.after_context_created(SimpleNamespace())
    return hook


def make_node(name: str, tag: str) -> object:
    return node(len, "a", f"{name}_length", name=name, tags=tag)


def test_the_start_counts_from_the_beginning_of_the_process(hook: SummaryHook, clock: Clock) -> None:
    clock.now += 2
    hook.before_pipeline_run()
    assert hook.seconds == {"start": 5.0}


def test_running_and_saving_count_for_the_stage_of_the_node(hook: SummaryHook, clock: Clock) -> None:
    hook.before_pipeline_run()
    for name, tag, seconds in (("scale", "preprocessing", 1), ("fit", "preprocessing", 2), ("train", "training", 4)):
        clock.now += seconds
        hook.after_node_run(make_node(name, tag))
        clock.now += 0.5
        hook.after_dataset_saved(make_node(name, tag))
    assert hook.seconds == {"start": 3.0, "preprocessing": 4.0, "training": 4.5}


def test_each_node_that_took_a_while_is_told_once_it_is_done(
    hook: SummaryHook, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("casebook"), "propagate", True)
    caplog.set_level(logging.INFO, logger="casebook")
    hook.before_pipeline_run()
    for name, seconds in (("scale", 2), ("copy", 0.4), ("train", 2)):
        clock.now += seconds
        hook.after_node_run(make_node(name, "any"))
    assert [message.split() for message in caplog.messages] == [["start", "3.0", "s"], ["scale", "2.0", "s"]]


def test_the_seconds_become_metrics_and_the_summary_comes_after_the_run_ended(
    hook: SummaryHook, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, dict[str, float]]] = []
    monkeypatch.setattr(
        summary,
        "show_summary",
        lambda run, seconds, _store, background: shown.append((run.info.status, {**seconds, **background})),
    )
    run = mlflow.start_run()
    clock.now += 1
    hook.before_pipeline_run()
    NODE_SECONDS["fit"] = 9.0
    hook.after_node_run(make_node("fit", "reference"))
    wrapped = hook.after_pipeline_run()
    next(wrapped)
    assert shown == []
    mlflow.end_run()
    with pytest.raises(StopIteration):
        next(wrapped)
    assert shown == [("FINISHED", {"start": 4.0, "reference": 9.0})]
    logged = {"seconds/start": 4.0, "seconds/reference": 0.0, "seconds/background/reference": 9.0, "seconds/total": 4.0}
    assert mlflow.get_run(run.info.run_id).data.metrics == logged


def test_a_node_belongs_to_the_stage_of_its_tag_and_else_to_itself() -> None:
    assert stage_of(make_node("scale", "preprocessing")) == "preprocessing"
    assert stage_of(node(len, "a", "b", name="alone")) == "alone"


def test_the_start_of_tensorflow_is_a_stage_of_its_own_within_the_node_that_needs_it(
    hook: SummaryHook, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.counted = False
    started = 0.0
    monkeypatch.setattr(summary, "tensorflow_start_seconds", lambda: started)
    hook.before_pipeline_run()
    for name, seconds in (("split", 1), ("train", 7), ("train_again", 2)):
        clock.now += seconds
        started = 4.0 if name != "split" else 0.0
        hook.after_node_run(make_node(name, name))
    assert hook.seconds == {"start": 3.0, "split": 1.0, "tensorflow": 4.0, "train": 3.0, "train_again": 2.0}


def test_tensorflow_that_an_earlier_run_of_the_process_started_counts_for_none(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "tensorflow_start_seconds", lambda: 4.0)
    hook = SummaryHook()
    hook.after_context_created(SimpleNamespace())
    hook.before_pipeline_run()
    clock.now += 7
    hook.after_node_run(make_node("train", "training"))
    assert hook.seconds == {"start": 3.0, "training": 7.0}
