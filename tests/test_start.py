"""Commands that only look: quick, quiet, and without the heavy libraries."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import casebook
from casebook.cases.own_code import own_features
from casebook.cases.registry import CASES, PYTHON_CASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.project import Project

HEAVY = ("mlflow", "tensorflow", "keras", "sklearn", "pandera", "matplotlib", "optuna", "kagglehub")
# Runs `kedro` and, when it leaves, tells which modules it imported and whether MLflow's telemetry was started.
WITNESS = """
import atexit, gc, json, sys

def tell():
    started = None
    if "mlflow" in sys.modules:
        from mlflow.telemetry.client import get_telemetry_client
        started = get_telemetry_client() is not None
    found = {"modules": sorted(sys.modules), "telemetry": started, "threshold": gc.get_threshold()}
    print("WITNESS" + json.dumps(found), file=sys.stderr)

atexit.register(tell)
sys.argv = ["kedro", *sys.argv[1:]]
from kedro.framework.cli import main
main()
"""

# Declared cases that name their features in Python.
OWN = [case for case in CASES if own_features(case) is not None]


@pytest.fixture(scope="module")
def looks(new_project: Callable[[], Project]) -> dict[str, tuple[str, dict[str, Any]]]:
    """What each command said and what it imported."""
    project, found = new_project(), {}
    for command in ("--help", "registry list", "mlflow --help"):
        done = subprocess.run(
            [sys.executable, "-c", WITNESS, *command.split()],
            cwd=project.root, env=project.environment(), capture_output=True, text=True, timeout=900, check=True,
        )  # fmt: skip
        found[command] = (done.stdout, json.loads(done.stderr.split("WITNESS")[1]))
    return found


@pytest.mark.parametrize("command", ["--help", "registry list"])
@pytest.mark.parametrize("library", HEAVY)
def test_a_command_that_only_looks_imports_no_heavy_library(
    looks: dict[str, tuple[str, dict[str, Any]]], command: str, library: str
) -> None:
    assert library not in looks[command][1]["modules"]


@pytest.mark.parametrize("command", ["--help", "registry list", "mlflow --help"])
def test_mlflow_sends_no_usage_data(looks: dict[str, tuple[str, dict[str, Any]]], command: str) -> None:
    assert looks[command][1]["telemetry"] is not True


def test_garbage_is_looked_for_rarely(looks: dict[str, tuple[str, dict[str, Any]]]) -> None:
    assert looks["registry list"][1]["threshold"] == [100_000, 10, 10]


def test_the_registry_lists_the_cases(looks: dict[str, tuple[str, dict[str, Any]]]) -> None:
    assert set(looks["registry list"][0].split()) >= {"__default__", *CASES}


def test_kedro_mlflows_own_commands_are_there_without_mlflows_half_for_language_models(
    looks: dict[str, tuple[str, dict[str, Any]]],
) -> None:
    said, found = looks["mlflow --help"]
    assert "mlflow" in looks["--help"][0]
    assert "modelify" in said
    assert "kedro_mlflow.framework.cli.cli" in found["modules"]
    assert "mlflow.tracking" in found["modules"]
    assert [name for name in found["modules"] if name.startswith(("mlflow.genai.judges", "mlflow.gateway."))] == []


def test_a_list_neither_checks_parameters_nor_makes_samples(looks: dict[str, tuple[str, dict[str, Any]]]) -> None:
    modules = looks["registry list"][1]["modules"]
    cases = [name for name in modules if name.startswith("casebook.pipelines.")]
    assert {name.split(".")[2] for name in cases} == {*PYTHON_CASES, *OWN}
    assert [name for name in cases if name.endswith((".parameters", ".schemas"))] == []
    assert [name for name in modules if name.startswith("casebook.synthetic_data")] == []


def test_kedro_sends_no_usage_data_either() -> None:
    from casebook.settings import DISABLE_HOOKS_FOR_PLUGINS

    assert "kedro-telemetry" in DISABLE_HOOKS_FOR_PLUGINS
    # Of a wheel, which runs where no `.telemetry` lies.
    assert os.environ["KEDRO_DISABLE_TELEMETRY"] == "true"


def test_networks_are_tensorflows_whatever_backend_of_keras_is_left_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    importlib.reload(casebook)
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
