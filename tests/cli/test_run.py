"""`casebook run` and `python -m casebook`: Kedro's run, its options and its help."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING, Any

import pytest
from kedro.framework.cli.project import run as kedro_run

from casebook import __main__ as package

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

OPTIONS = ["--pipelines=pima", "--params", "pima.training.epochs=1", "-e", "test"]


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Let no session be created -> what each would have been created with."""
    asked: list[dict[str, Any]] = []

    def create(**given: object) -> None:
        asked.append(given)
        raise InterruptedError

    monkeypatch.setattr("casebook.reuse.session.CasebookSession.create", create)
    return asked


EXPECTED = {"env": "test", "conf_source": None, "runtime_params": {"pima": {"training": {"epochs": 1}}}}


def test_all_options_of_kedros_run_go_through(casebook: Callable[..., Result], created: list[dict[str, Any]]) -> None:
    assert isinstance(casebook("run", *OPTIONS).exception, InterruptedError)
    assert created == [EXPECTED]


def test_its_help_is_that_of_kedros_run(casebook: Callable[..., Result]) -> None:
    result = casebook("run", "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: casebook run [OPTIONS]")
    for option in kedro_run.params:
        assert option.opts[0] in result.output


def test_an_option_that_kedro_does_not_know_is_refused(casebook: Callable[..., Result]) -> None:
    result = casebook("run", "--pipelin=pima")
    assert result.exit_code == 2
    assert "No such option" in result.output


def test_the_package_runs_as_a_program_and_for_those_who_call_it(
    created: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InterruptedError):
        package.main(OPTIONS)
    monkeypatch.setattr("sys.argv", ["casebook", *OPTIONS])
    with pytest.raises(InterruptedError):
        runpy.run_module("casebook", run_name="__main__")
    assert created == [EXPECTED, EXPECTED]
