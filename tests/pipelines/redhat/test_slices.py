"""Parts of the pipeline, one after another in one project; the first of them is killed without warning."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow.entities import Run
    from tests.project import Project

PREPARE = ("run", "--env", "test", "--to-nodes", "redhat.apply_preprocessor")
GROUPS = (
    "run", "--env", "test", "--pipelines", "redhat", "--tags", "splitting,preprocessing",
    "--params", "redhat.split.strategy=group,redhat.preprocessing.scaling=minmax",
)  # fmt: skip


@dataclass(frozen=True)
class Slice:
    """A command that ran to its end."""

    code: int
    said: str
    run: Run


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


def run_slice(project: Project, *command: str, **variables: str) -> Slice:
    code, said = project.kedro(*command, **variables)
    return Slice(code, said, project.runs()[0])


@pytest.fixture(scope="module")
def killed(project: Project) -> Run:
    """A run that was killed as soon as its first table lay on the disk."""
    process = project.start(*PREPARE)
    runs = project.root / "data" / "runs" / "redhat"
    project.wait_for(lambda: bool(list(runs.glob("*/02_intermediate/activities.parquet"))), process)
    assert project.stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    return project.runs()[0]


@pytest.fixture(scope="module")
def prepared(project: Project, killed: Run) -> Slice:
    """The same command typed again."""
    assert killed
    return run_slice(project, *PREPARE)


def layer(project: Project, place: str, run: Run | None = None) -> Path:
    name = run.info.run_id if run else "latest"
    return project.root / "data" / "runs" / "redhat" / name / place


def test_after_a_kill_between_nodes_the_same_command_works(project: Project, killed: Run, prepared: Slice) -> None:
    assert prepared.code == 0, prepared.said
    assert prepared.run.info.status == "FINISHED"
    assert prepared.run.info.run_id != killed.info.run_id
    arrays = {file.name for file in layer(project, "05_model_input").iterdir()}
    assert arrays == {
        "initial_split.parquet",
        "split_assignment.parquet",
        "train_arrays",
        "validation_arrays",
        "test_arrays",
    }
    assert list((project.root / "data").rglob(".unfinished*")) == []


@pytest.mark.usefixtures("prepared")
def test_to_nodes_stops_where_it_is_told(project: Project) -> None:
    assert not layer(project, "06_models").joinpath("network.keras").exists()
    assert not layer(project, "08_reporting").exists()
    assert not (project.root / "data" / "08_reporting").exists()


def test_the_sample_that_the_killed_run_made_is_used_again(prepared: Slice) -> None:
    assert "generated sample" not in prepared.said
    assert prepared.run.data.tags["data.origin"] == "sample"


@pytest.fixture(scope="module")
def grouped(project: Project, prepared: Slice) -> Slice:
    assert prepared.code == 0
    return run_slice(project, *GROUPS)


def test_tags_pipelines_and_params_choose_what_runs_and_how(grouped: Slice) -> None:
    assert grouped.code == 0, grouped.said
    assert grouped.run.data.params["redhat.split.strategy"] == "group"
    assert grouped.run.data.tags["command"] == "kedro " + " ".join(GROUPS)
    assert grouped.run.data.metrics["test/seen_group_share"] == 0
    assert "data.origin" not in grouped.run.data.tags
    stages = {name.removeprefix("seconds/") for name in grouped.run.data.metrics if name.startswith("seconds/")}
    assert stages == {"start", "splitting", "preprocessing", "total"}


@pytest.mark.usefixtures("grouped")
def test_a_part_reads_what_an_earlier_part_left_on_the_disk(project: Project) -> None:
    table = pd.read_parquet(layer(project, "04_feature") / "feature_table.parquet")
    part = pd.read_parquet(layer(project, "05_model_input") / "split_assignment.parquet")["part"].to_numpy()
    groups = [set(table["people_group_1"][part == number]) for number in (1, 2, 4)]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    for number, name in {1: "train_arrays", 2: "validation_arrays", 4: "test_arrays"}.items():
        rows = len(np.load(layer(project, "05_model_input") / name / "target.npy", mmap_mode="r"))
        assert rows == (part == number).sum()


@pytest.fixture(scope="module")
def failed(project: Project, prepared: Slice, tmp_path_factory: pytest.TempPathFactory) -> Slice:
    """A run on the user's files, in which a person comes twice."""
    assert prepared.code == 0
    raw = tmp_path_factory.mktemp("raw") / "redhat"
    shutil.copytree(project.root / "data" / "01_raw" / "redhat", raw, ignore=shutil.ignore_patterns(".*"))
    lines = (raw / "people.csv").read_text().splitlines(keepends=True)
    (raw / "people.csv").write_text("".join([*lines, lines[7]]))
    people = layer(project, "02_intermediate", prepared.run) / "people.parquet"
    before = people.read_bytes()
    found = run_slice(project, "run", "--env", "test", CASEBOOK_RAW=str(raw.parent))
    assert people.read_bytes() == before
    return found


def test_a_run_on_a_bad_file_fails_in_one_line_and_keeps_what_was_there(failed: Slice) -> None:
    assert failed.code == 1
    assert "Error: people.csv: people_id ppl_" in failed.said
    assert "stands 2 times (1 rows too many); keep one row for each people_id" in " ".join(failed.said.split())
    assert "Traceback" not in failed.said


def test_a_failed_run_is_failed_in_mlflow_too_with_the_error_in_a_tag(failed: Slice) -> None:
    assert failed.run.info.status == "FAILED"
    assert failed.run.data.tags["error"].startswith("InvalidTableError: people.csv: people_id ppl_")
    assert failed.run.data.tags["data.origin"] == "files"


def test_a_named_folder_without_the_files_ends_the_command_and_nothing_is_made_there(
    project: Project, prepared: Slice, tmp_path: Path
) -> None:
    assert prepared.code == 0
    runs = len(project.runs())
    code, said = project.kedro("run", "--env", "test", CASEBOOK_RAW=str(tmp_path))
    assert code == 1
    assert f"Error: {tmp_path}/redhat lacks act_train.csv, people.csv" in " ".join(said.split())
    assert "Traceback" not in said
    assert len(project.runs()) == runs
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_variant_ends_the_command_before_anything_is_done(new_project: Callable[[], Project]) -> None:
    project = new_project()
    code, said = project.kedro("run", "--pipeline=redhat", "--params", "redhat.variant=scaled_512x3")
    assert code == 2
    assert "redhat.variant: there is no variant 'scaled_512x3' (did you mean scaled_512x2?); there are default" in said
    assert "Traceback" not in said
    assert not (project.root / "data").exists()
    assert not (project.root / "mlruns").exists()
