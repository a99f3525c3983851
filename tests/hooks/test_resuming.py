import logging
from pathlib import Path
from typing import Any

import click
import mlflow
import pytest
import yaml

from casebook.hooks.resuming import find_killed_run, what_counts
from casebook.training.checkpoints import Checkpoint

PARAMETERS: dict[str, Any] = {
    "variant": "default",
    "training": {"epochs": 5, "network": {"hidden": [8, 4]}},
    "leaks": {},
    "variants": {"other": {"training": {"epochs": 9}}},
    "resume": True,
    "reuse": False,
}


@pytest.fixture
def killed(tmp_path: Path) -> tuple[str, Path]:
    """A run of the case `toy` that was killed in training -> its id, its checkpoint."""
    with mlflow.start_run() as run:
        mlflow.log_text(yaml.safe_dump({"toy": what_counts(PARAMETERS)}), "config/parameters.yml")
        mlflow.set_tag("data.fingerprint", "abc")
        for name, open_ in (("fold 1", False), ("fold 2", True)):
            child = mlflow.MlflowClient().create_run(
                run.info.experiment_id, run_name=name, tags={"mlflow.parentRunId": run.info.run_id}
            )
            if not open_:
                mlflow.MlflowClient().set_terminated(child.info.run_id)
    Checkpoint(tmp_path / "checkpoint.bin", run.info.run_id).save({}, [])
    return run.info.run_id, tmp_path / "checkpoint.bin"


def test_the_run_of_the_checkpoint_goes_on_and_its_open_folds_end(killed: tuple[str, Path]) -> None:
    run_id, checkpoint = killed
    parameters = {**PARAMETERS, "variants": {}, "reuse": True}
    for fingerprint in ("abc", None):
        assert find_killed_run("toy", parameters, fingerprint, checkpoint).info.run_id == run_id
    children = mlflow.search_runs(["0"], f"tags.mlflow.parentRunId = '{run_id}'")
    found = dict(zip(children["tags.mlflow.runName"], children["status"], strict=True))
    assert found == {"fold 1": "FINISHED", "fold 2": "KILLED"}


def test_without_a_checkpoint_that_is_said_and_a_new_run_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert find_killed_run("toy", PARAMETERS, "abc", tmp_path / "checkpoint.bin") is None
    assert "toy.resume: no training was broken off, so there is nothing to resume; a new run begins" in caplog.text


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
def test_other_parameters_are_refused_by_name(killed: tuple[str, Path], change: dict[str, Any], message: str) -> None:
    with pytest.raises(click.UsageError, match=message) as told:
        find_killed_run("toy", {**PARAMETERS, **change}, "abc", killed[1])
    assert "or leave out toy.resume" in str(told.value)


def test_other_raw_files_are_refused(killed: tuple[str, Path]) -> None:
    with pytest.raises(click.UsageError, match=r"toy.resume: the raw files are others than in run"):
        find_killed_run("toy", PARAMETERS, "abd", killed[1])


def test_a_checkpoint_of_another_store_is_refused(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "checkpoint.bin", "0" * 32).save({}, [])
    with pytest.raises(click.UsageError, match=r"is of run 0{32}, which sqlite:.* does not hold; name its store"):
        find_killed_run("toy", PARAMETERS, "abc", tmp_path / "checkpoint.bin")
