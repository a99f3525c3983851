"""Runs that skip what is up to date: whole processes on the smallest configuration."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casebook.caching.session import runs_to_the_end

ROOT = Path(__file__).parents[2]
PREPARING = {
    "describe_tables", "type_activities", "type_people", "join_tables", "engineer_features",
    "assign_splits", "hold_out_promotion_rows", "fit_preprocessor", "apply_preprocessor", "describe_split",
    "assign_folds", "select_example_rows",
}  # fmt: skip


def told(said: str) -> tuple[set[str], dict[str, str]]:
    """Read from the console what was skipped, and what ran for which reason."""
    line = " ".join(re.sub(r"\[?\d\d:\d\d:\d\d\]?|INFO|WARNING", " ", said).split())
    skipped = set(re.findall(r"reuse: redhat\.(\w+) is skipped: inputs, parameters and code are those of", line))
    ran = dict(re.findall(r"reuse: redhat\.(\w+) runs: (.+?)(?= reuse: | redhat\.\w+ +\d| epoch |$)", line))
    # A check leaves nothing that could be kept.
    ran.pop("refuse_unknown_names", None)
    return skipped, ran


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:  # noqa: ANN401
    """A project with a copy of the code, in which everything was run once."""
    made = new_project()
    code = made.root / "src" / "casebook"
    source = code.resolve()
    code.unlink()
    # With its byte code, which is that of the copies too: they keep their times.
    shutil.copytree(source, code)
    # Nothing is skipped without being asked for.
    assert run(made) == (set(), {})
    return made


def run(project: Any, *given: str, to: str = "") -> tuple[set[str], dict[str, str]]:  # noqa: ANN401
    # Nothing is asserted of figures and page.
    parameters = ",".join(["redhat.training.epochs=1", "redhat.figures=none", "redhat.report=none", *given])
    command = ["run", "--pipelines=redhat", "--env", "test", "--params", parameters]
    command += [f"--to-nodes=redhat.{to}"] if to else []
    code, said = project.kedro(*command, PYTHONPATH=str(project.root / "src"))
    assert code == 0, said[-4000:]
    return told(said)


def test_all_preparation_is_skipped_and_the_run_still_holds_what_it_should(project: Any) -> None:  # noqa: ANN401
    whole = project.runs()[0]
    skipped, ran = run(project, "redhat.reuse=true")
    assert skipped >= PREPARING
    assert ran == {}
    reused = project.runs()[0]
    assert reused.info.run_id != whole.info.run_id
    assert reused.data.params == whole.data.params
    expected = {
        name: value for name, value in whole.data.metrics.items() if not name.startswith(("seconds/", "system/"))
    }
    assert {name: reused.data.metrics[name] for name in expected} == expected
    profiles = [
        {file.path for file in project.client.list_artifacts(run.info.run_id, "profile")} for run in (whole, reused)
    ]
    assert profiles[0] == profiles[1]
    assert {f"profile/{table}.html" for table in ("activities", "people")} < profiles[0]


def test_each_change_makes_anew_what_depends_on_it_and_nothing_else(project: Any) -> None:  # noqa: ANN401
    root = project.root
    # A parameter.
    skipped, ran = run(project, "redhat.reuse=true", "redhat.split.seed=7", to="apply_preprocessor")
    assert ran["assign_splits"] == "redhat.split.seed changed"
    assert ran["apply_preprocessor"].startswith("redhat.split_assignment changed")
    assert {"type_activities", "join_tables", "engineer_features"} <= skipped
    # Code: of what a schema does, features among it; figures and a docstring of the preparation do not count.
    style, splitting = (root / "src" / "casebook" / name for name in ("plots/style.py", "data/splitting.py"))
    style.write_text(style.read_text() + "\nUNUSED = 1\n")
    splitting.write_text(splitting.read_text().replace('"""', '"""In other words: ', 1))
    features = root / "src" / "casebook" / "preprocessing" / "row_schema.py"
    features.write_text(features.read_text().replace("copy=False", "copy=True"))
    skipped, ran = run(project, "redhat.reuse=true", "redhat.split.seed=7", to="apply_preprocessor")
    assert ran["engineer_features"].startswith("its code changed")
    assert skipped == set()
    assert "apply_preprocessor" in ran
    # Files that nodes made: one is gone, another was cut off.
    (root / "data" / "runs" / "redhat" / "latest" / "03_primary" / "joined_rows.parquet").unlink()
    arrays = root / "data" / "runs" / "redhat" / "latest" / "05_model_input" / "test_arrays" / "codes.npy"
    arrays.write_bytes(arrays.read_bytes()[:-100])
    skipped, ran = run(project, "redhat.reuse=true", "redhat.split.seed=7", to="apply_preprocessor")
    assert set(ran) == {"join_tables", "apply_preprocessor"}
    assert "joined_rows.parquet is not there" in ran["join_tables"].replace("- ", "-")
    assert "test_arrays is changed" in ran["apply_preprocessor"]
    # A raw file.
    raw = root / "data" / "01_raw" / "redhat"
    (raw / ".sample.json").unlink()
    people = raw / "people.csv"
    lines = people.read_text().splitlines(keepends=True)
    people.write_text("".join([*lines[:1], *reversed(lines[1:])]))
    skipped, ran = run(project, "redhat.reuse=true", "redhat.split.seed=7", to="apply_preprocessor")
    assert ran["type_people"].startswith("redhat.raw_people changed")
    assert "redhat.typed_people changed" in ran["join_tables"]
    # What columns are is worked out from all tables together.
    assert ran["type_activities"] == "redhat.row_schema changed"


@pytest.mark.parametrize(
    ("options", "whole"),
    [
        ({}, True),
        ({"tags": (), "to_nodes": [], "node_names": None, "runner": "SequentialRunner"}, True),
        ({"from_nodes": ["redhat.train_network"]}, True),
        ({"tags": ["splitting"]}, False),
        ({"node_names": ("redhat.assign_splits",)}, False),
        ({"to_nodes": ["redhat.assign_splits"]}, False),
        ({"to_outputs": ["redhat.feature_table"]}, False),
    ],
)
def test_the_background_process_is_started_ahead_of_runs_to_the_end_alone(options: dict[str, Any], whole: bool) -> None:
    assert runs_to_the_end(options) is whole
