"""What a run must have before kedro-mlflow opens it, and what it must hold after."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click
import mlflow
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline, node

from casebook.column_types.parsing import InvalidTableError
from casebook.data.splitting import EmptySplitError
from casebook.datasets import tables
from casebook.datasets.raw import RawFileError
from casebook.hooks.studies import tag_winner
from casebook.hooks.tracking import TrackingHook, job_of, sole_case
from casebook.stages.monitoring import create_monitoring_pipeline
from casebook.stages.scoring import create_prediction_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMETERS = {
    "variant": "default",
    "sample": {"people": 200, "activities": 1000, "seed": 1},
    "split": {"strategy": "row"},
    "resume": False,
    "study": {"winner_of": ""},
    "profile": "full",
    "figures": "full",
    "report": "full",
    "reference": {"name": "boosted_trees"},
}


def pipeline_of(*cases: str) -> Pipeline:
    return sum(
        (Pipeline([node(len, "raw_people", "length", name="count")], namespace=case) for case in cases), Pipeline([])
    )


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrackingHook:
    """A hook in an empty project, with kedro-mlflow's settings played by plain objects."""
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    monkeypatch.setenv("CASEBOOK_CONF", str(Path(__file__).parents[2] / "conf"))
    monkeypatch.delenv("CASEBOOK_RAW", raising=False)
    monkeypatch.setattr("casebook.hooks.tracking.end_killed_runs", lambda: None)
    settings = SimpleNamespace(experiment=SimpleNamespace(name=""), run=SimpleNamespace(name=""))
    hook = TrackingHook()
    hook.context = SimpleNamespace(
        params={"redhat": PARAMETERS},
        mlflow=SimpleNamespace(tracking=settings, setup=lambda _context: None),
        _runtime_params={},
    )
    return hook


def run_wrapped(wrapper: Any, inside: Callable[[], None] = lambda: None) -> None:  # noqa: ANN401 - a generator of a hook
    next(wrapper)
    inside()
    next(wrapper, None)


def test_a_pipeline_of_one_case_has_its_name() -> None:
    assert sole_case(pipeline_of("redhat")) == "redhat"


def test_pipelines_of_two_cases_in_one_command_are_refused() -> None:
    with pytest.raises(
        click.UsageError, match="one run is one case, but these are redhat, rossmann: start one command"
    ):
        sole_case(pipeline_of("rossmann", "redhat"))


def test_the_run_goes_to_the_experiment_of_its_case_under_the_name_of_its_variant(hook: TrackingHook) -> None:
    hook._configure("redhat", "scaled_512x2")
    tracking = hook.context.mlflow.tracking
    assert tracking.experiment.name == "redhat"
    assert tracking.run.name.startswith("scaled_512x2 ")


def test_a_run_on_a_sample_is_tagged_so_with_its_files_as_inputs(hook: TrackingHook) -> None:
    with mlflow.start_run() as run:
        run_wrapped(hook.before_pipeline_run(pipeline_of("redhat"), DataCatalog()))
    found = mlflow.get_run(run.info.run_id)
    assert found.data.tags["data.origin"] == "sample"
    assert {given.dataset.name for given in found.inputs.dataset_inputs} == {
        "act_train.csv",
        "people.csv",
        "act_test.csv",
    }
    assert set(found.data.metrics) == {"best_reachable/accuracy"}


def test_a_part_that_reads_no_raw_file_neither_needs_nor_names_them(hook: TrackingHook, tmp_path: Path) -> None:
    later = Pipeline([node(len, "split_assignment", "length", name="count")], namespace="redhat")
    with mlflow.start_run() as run:
        run_wrapped(hook.before_pipeline_run(later, DataCatalog()))
    found = mlflow.get_run(run.info.run_id)
    assert "data.origin" not in found.data.tags
    assert found.data.tags["case"] == "redhat"
    assert not (tmp_path / "data").exists()


def test_missing_raw_files_end_the_command_before_a_run_is_opened(
    hook: TrackingHook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "mine"))
    with pytest.raises(click.ClickException, match=r"mine/redhat lacks act_train\.csv, people\.csv") as told:
        next(hook.before_pipeline_run(pipeline_of("redhat"), DataCatalog()))
    assert told.value.exit_code == 1
    assert mlflow.active_run() is None
    assert hook.context.mlflow.tracking.experiment.name == ""


@pytest.mark.parametrize("kind", [InvalidTableError, EmptySplitError, RawFileError])
def test_what_a_user_can_mend_is_told_in_one_line_once_the_run_has_failed(
    hook: TrackingHook, kind: type[Exception]
) -> None:
    run = mlflow.start_run()
    with pytest.raises(click.ClickException, match=r"people\.csv is empty"):
        run_wrapped(hook.on_pipeline_error(kind("people.csv is empty")), lambda: mlflow.end_run("FAILED"))
    found = mlflow.get_run(run.info.run_id)
    assert found.info.status == "FAILED"
    assert found.data.tags["error"] == f"{kind.__name__}: people.csv is empty"


def test_what_a_user_can_mend_is_found_behind_kedros_own_error(hook: TrackingHook) -> None:
    wrapped = DatasetError("redhat.champion: Failed while loading")
    wrapped.__cause__ = InvalidTableError("redhat has no champion")
    with mlflow.start_run(), pytest.raises(click.ClickException, match=r"^redhat has no champion$"):
        run_wrapped(hook.on_pipeline_error(wrapped))


def test_runs_that_use_a_model_are_called_after_what_they_do() -> None:
    assert job_of(pipeline_of("redhat")) == ""
    found = [job_of(create("redhat")) for create in (create_prediction_pipeline, create_monitoring_pipeline)]
    assert found == ["predict", "monitor"]


def test_other_errors_keep_their_traceback_and_are_tagged_too(hook: TrackingHook) -> None:
    with mlflow.start_run() as run:
        run_wrapped(hook.on_pipeline_error(ZeroDivisionError("division by zero")))
    assert mlflow.get_run(run.info.run_id).data.tags["error"] == "ZeroDivisionError: division by zero"


def test_an_error_longer_than_a_tag_is_cut(hook: TrackingHook) -> None:
    with mlflow.start_run() as run:
        run_wrapped(hook.on_pipeline_error(ValueError("x" * 20_000)))
    assert len(mlflow.get_run(run.info.run_id).data.tags["error"]) == 8000


def test_without_an_open_run_an_error_is_told_all_the_same(hook: TrackingHook) -> None:
    with pytest.raises(click.ClickException, match=r"people\.csv is empty"):
        run_wrapped(hook.on_pipeline_error(InvalidTableError("people.csv is empty")))
    assert mlflow.active_run() is None


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is being written in the background to a disk that is full."""
    import pandas as pd

    def fail(_data: object, _filepath: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(tables, "write_table", fail)
    tables.TableFile(str(tmp_path / "people.parquet")).save(pd.DataFrame({"a": [1]}))
    tables._writer().submit(int).result()


@pytest.mark.usefixtures("full_disk")
def test_a_table_that_could_not_be_written_stops_the_run_at_the_next_node(hook: TrackingHook) -> None:
    with pytest.raises(OSError, match="No space left"):
        hook.before_node_run()


@pytest.mark.usefixtures("full_disk")
def test_a_last_table_that_could_not_be_written_makes_the_run_a_failed_one(hook: TrackingHook) -> None:
    run = mlflow.start_run()
    with pytest.raises(OSError, match="No space left"):
        next(hook.after_pipeline_run(pipeline_of("redhat")))
    found = mlflow.get_run(run.info.run_id)
    assert found.info.status == "FAILED"
    assert found.data.tags["error"] == "OSError: No space left on device"


def test_the_run_of_a_winner_is_tagged_with_its_study() -> None:
    assert tag_winner({"study": {"winner_of": "abc trial 17"}}) == {"study.run_id": "abc", "study.trial": "17"}
    assert tag_winner({"study": {"winner_of": ""}}) == {}


def test_a_run_that_differs_from_the_trial_says_where_and_is_not_tagged(caplog: pytest.LogCaptureFixture) -> None:
    differences = [f"pima.a{n}: 1 -> 2" for n in range(10)]
    assert tag_winner({"study": {"winner_of": "abc trial 17"}}, differences) == {}
    (line,) = caplog.messages
    assert line.startswith("this run is not trial 17 of the study abc, since pima.a0: 1 -> 2; pima.a1: 1 -> 2;")
    assert line.endswith("pima.a7: 1 -> 2 and 2 more")
