"""`casebook`: what it lists, and what it imports before a subcommand is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

import casebook.cli
from casebook.cases.registry import CASES
from casebook.cli.program import program

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

COMMANDS = [
    "run",
    "init",
    "check",
    "ui",
    "leaderboard",
    "report",
    "serve",
    "dashboard",
    "viz",
    "fetch",
    "cluster",
    "reproduce",
]
ON_A_CASE = ["leaderboard", "serve", "dashboard", "viz", "fetch", "reproduce"]
IMPORTED = """
import json, sys
from casebook.cli.program import program
try:
    program(["--help"])
except SystemExit:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def test_the_installed_program_is_this_one() -> None:
    (installed,) = entry_points(group="console_scripts", name="casebook")
    assert installed.load() is program


def test_the_commands_are_listed_in_the_order_in_which_one_needs_them(casebook: Callable[..., Result]) -> None:
    listed = casebook("--help").output.partition("Commands:\n")[2]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS


@pytest.mark.process
def test_help_imports_nothing_but_click() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, timeout=300)
    assert not {"kedro", "mlflow", "yaml", "numpy", "pandas", "optuna", "rich"} & set(json.loads(done.stderr))


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_every_command_says_what_it_does_and_takes(casebook: Callable[..., Result], command: str) -> None:
    result = casebook(command, "--help")
    assert result.exit_code == 0
    assert ("CASE is one of redhat, rossmann" in " ".join(result.output.split())) == (command in ON_A_CASE)


@pytest.mark.parametrize(("command", "port"), [("ui", 5000), ("serve", 5001), ("dashboard", 8080), ("viz", 4141)])
def test_a_command_that_listens_tells_its_port(casebook: Callable[..., Result], command: str, port: int) -> None:
    assert f"[default: {port};" in casebook(command, "--help").output


@pytest.mark.parametrize("command", ON_A_CASE)
def test_a_case_that_does_not_exist_is_refused_in_one_line_with_those_that_do(
    casebook: Callable[..., Result], command: str
) -> None:
    result = casebook(command, "redhut")
    names = ", ".join([*CASES, "all"] if command == "reproduce" else CASES)
    assert (result.exit_code, result.output) == (1, f"Error: there is no case 'redhut'; there are {names}\n")


def test_kedro_finds_no_second_way_to_type_them() -> None:
    assert casebook.cli.cli.commands == {}
