import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import mlflow
import pytest

from casebook.hooks.resuming import check_resumable, find_broken_off, what_counts
from casebook.run_folders.folder import FINISHED, RUNNING, RunFacts, RunFolder
from casebook.runtime.processes import this_process
from casebook.training.checkpoints import Checkpoint

PARAMETERS: dict[str, Any] = {
    "variant": "default",
    "training": {"epochs": 5, "network": {"hidden": [8, 4]}},
    "leaks": {},
    "variants": {"other": {"training": {"epochs": 9}}},
    "resume": True,
    "reuse": False,
    "from_run": "",
    "keep_runs": {"finished": 3},
    "monitor": {"drop": 0.05},
}


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunFolder]:
    """Add a run of the case `toy` that was killed in training, if nothing else is said."""
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)

    def add_run(run_id: str, begun: float = 0.0, epochs: int = 2, **facts: Any) -> RunFolder:  # noqa: ANN401
        folder = RunFolder("toy", run_id)
        given = {"state": RUNNING, "begun": begun, "fingerprint": "abc", **facts}
        folder.write(RunFacts("training", what_counts(PARAMETERS), **given))
        if epochs:
            history = [{"epoch": number + 1, "train/loss": 0.5} for number in range(epochs)]
            Checkpoint(folder.checkpoint, run_id).save({"history": history}, [])
        return folder

    return add_run


@pytest.fixture
def killed(add: Callable[..., RunFolder]) -> RunFolder:
    """A run that was killed in training, with a fold that has ended and one that is open."""
    with mlflow.start_run() as run:
        for name, open_ in (("fold 1", False), ("fold 2", True)):
            child = mlflow.MlflowClient().create_run(
                run.info.experiment_id, run_name=name, tags={"mlflow.parentRunId": run.info.run_id}
            )
            if not open_:
                mlflow.MlflowClient().set_terminated(child.info.run_id)
    return add(run.info.run_id)


def check(folder: RunFolder, parameters: dict[str, Any], fingerprint: str | None) -> str:
    facts = folder.read()
    assert facts is not None
    return str(check_resumable(folder, facts, parameters, fingerprint).info.run_id)


def test_the_run_goes_on_and_its_open_folds_end(killed: RunFolder) -> None:
    parameters = {**PARAMETERS, "variants": {}, "reuse": True, "from_run": "a", "monitor": {"drop": 0.1}}
    for fingerprint in ("abc", None):
        assert check(killed, parameters, fingerprint) == killed.run_id
    children = mlflow.search_runs(["0"], f"tags.mlflow.parentRunId = '{killed.run_id}'")
    found = dict(zip(children["tags.mlflow.runName"], children["status"], strict=True))
    assert found == {"fold 1": "FINISHED", "fold 2": "KILLED"}


def test_without_a_run_that_was_broken_off_that_is_said_and_a_new_one_begins(
    add: Callable[..., RunFolder], caplog: pytest.LogCaptureFixture
) -> None:
    add("finished", state=FINISHED)
    with caplog.at_level(logging.WARNING):
        assert find_broken_off("toy", True) is None
    assert "toy.resume: no training was broken off, so there is nothing to resume; a new run begins" in caplog.text


def test_of_several_the_newest_goes_on_or_the_one_that_is_named(
    add: Callable[..., RunFolder], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = add("first", 1.0), add("second", 2.0)
    for wanted, expected in ((True, second), ("first", first)):
        found = find_broken_off("toy", wanted)
        assert found is not None
        assert found[0] == expected
    assert "toy.resume: the newest of these goes on:\nrun " in caplog.text
    assert caplog.text.index("second  ") < caplog.text.index("first  ")


@pytest.mark.parametrize(
    ("run_id", "facts", "why"),
    [
        ("unknown", None, "there is no folder of run unknown"),
        ("a", {"state": FINISHED}, "run a has finished"),
        ("a", {"processes": [this_process().describe()]}, "run a is running"),
        ("a", {"epochs": 0}, "run a was broken off before its first epoch was kept"),
    ],
)
def test_a_run_that_cannot_be_resumed_is_refused_with_those_that_can(
    add: Callable[..., RunFolder], run_id: str, facts: dict[str, Any] | None, why: str
) -> None:
    if facts is not None:
        add(run_id, **facts)
    with pytest.raises(click.UsageError, match=rf"toy.resume: {why}; no run of toy can be resumed"):
        find_broken_off("toy", run_id)
    add("other")
    with pytest.raises(click.UsageError, match=rf"toy.resume: {why}; these can be resumed:\n.*\nother "):
        find_broken_off("toy", run_id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": {"epochs": 6, "network": {"hidden": [8, 4]}}}, "toy.training.epochs is 6 and was 5"),
        (
            {"training": {"epochs": 5, "network": {"hidden": [8]}}},
            r"network.hidden is \[8\] and was \[8, 4\]",
        ),
        ({"variant": "other"}, "toy.variant is other and was default"),
        ({"leaks": {"duration": "keep"}}, "toy.leaks.duration is keep and was not there"),
        ({"training": {"epochs": 5}}, "toy.training.network.hidden is not there and was"),
    ],
)
def test_other_parameters_are_refused_by_name(killed: RunFolder, change: dict[str, Any], message: str) -> None:
    with pytest.raises(click.UsageError, match=message) as told:
        check(killed, {**PARAMETERS, **change}, "abc")
    assert "or leave out toy.resume" in str(told.value)


def test_other_raw_files_are_refused(killed: RunFolder) -> None:
    with pytest.raises(click.UsageError, match=r"toy.resume: the raw files are others than in run"):
        check(killed, PARAMETERS, "abd")


def test_a_checkpoint_of_another_store_is_refused(add: Callable[..., RunFolder]) -> None:
    with pytest.raises(click.UsageError, match=r"is of run 0{32}, which sqlite:.* does not hold; name its store"):
        check(add("0" * 32), PARAMETERS, "abc")
