"""What the README tells people to type can be typed."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kedro.framework.cli.utils import _split_params
from tests.schema_inference.tables import churn, write_csv

from casebook.cases.registry import CASES
from casebook.config.loader import read_case
from casebook.config.resolve import resolve_parameters
from casebook.config.tree import overlay
from casebook.pipeline_registry import register_pipelines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Finished
    from tests.project import Project

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SHELL = [
    line.split("#")[0].strip() for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()
]
# A table of one's own, whose case the first of the two commands declares.
(OWN_TABLE,) = (SHELL[place : place + 2] for place, line in enumerate(SHELL) if "casebook init" in line)
RUNS = [line for line in SHELL if "kedro run" in line and line not in OWN_TABLE]
TARGETS = sorted(set(re.findall(r"`?make ([a-z-]+)", README)))
LINKS = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
PLACES = [
    place for place in re.findall(r"`((?:src|conf|tests|data|docs)/[^`*<]*)`", README) if not place.startswith("data/0")
]


def test_it_fits_on_a_few_screens() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_exists(target: str) -> None:
    assert target in CASES or re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.M)


def test_every_case_has_a_make_target() -> None:
    (named,) = re.findall(r"^CASES := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert tuple(named.split()) == CASES


@pytest.mark.parametrize("place", [*LINKS, *PLACES])
def test_every_place_that_it_names_exists(place: str) -> None:
    assert (ROOT / place).exists()


@pytest.mark.parametrize("command", RUNS)
def test_every_run_names_pipelines_nodes_tags_and_parameters_that_exist(command: str) -> None:
    words = [part for word in shlex.split(command) for part in word.split("=", 1 if word.startswith("--") else 0)]
    options = dict(itertools.pairwise(words))
    pipeline = register_pipelines()[options.get("--pipeline", "__default__")]
    if "--from-nodes" in options:
        assert pipeline.from_nodes(options["--from-nodes"]).nodes
    if "--tags" in options:
        for tag in options["--tags"].split(","):
            assert pipeline.only_nodes_with_tags(tag).nodes
    given = _split_params(None, None, options.get("--params", ""))
    case = options.get("--pipeline", "redhat").partition("_")[0]
    configured = {case: read_case(case, "base")}
    # A study writes this one.
    configured[case]["variants"]["best"] = {}
    assert resolve_parameters(overlay(configured, given), given)[case]


def test_the_snippet_that_uses_the_model_runs_on_a_finished_project(finished: Finished) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=finished.project.root, env=finished.project.environment(), capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "probability" in done.stdout
    assert "class" in done.stdout


@pytest.mark.process
def test_the_two_commands_for_a_table_of_ones_own_run_it(new_project: Callable[[], Project]) -> None:
    project = new_project()
    write_csv(project.root / "churn.csv", churn())
    for command in OWN_TABLE:
        program, *words = shlex.split(command)
        done = subprocess.run(
            [Path(sys.executable).with_name(Path(program).name), *words],
            cwd=project.root, env=project.environment(), capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    (run,) = project.client.search_runs([project.client.get_experiment_by_name("churn").experiment_id])
    assert run.data.metrics["test/log_loss"] < run.data.metrics["baseline/log_loss"]
