"""A user's error is told once; a programming error keeps all that Kedro says of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import node, pipeline

from casebook.background.runner import BackgroundRunner
from casebook.datasets.raw import RawFileError
from casebook.hooks.user_errors import TELLING_OF_NODES, find_user_error, quiet_user_errors

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _filtered() -> Iterator[None]:
    before = {name: list(logging.getLogger(name).filters) for name in TELLING_OF_NODES}
    quiet_user_errors()
    yield
    for name, filters in before.items():
        logging.getLogger(name).filters = filters


def run_failing(error: Exception) -> None:
    def fail() -> None:
        raise error

    BackgroundRunner().run(pipeline([node(fail, None, "nothing", name="fail")]), DataCatalog())


@pytest.mark.parametrize("error", [RawFileError("rows.csv is empty"), OSError(28, "No space left on device", "rows")])
def test_kedro_says_nothing_of_a_node_that_raised_a_users_error(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with pytest.raises(type(error)):
        run_failing(error)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_kedro_names_the_node_of_a_programming_error_and_how_to_repeat_the_command(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ZeroDivisionError):
        run_failing(ZeroDivisionError("division by zero"))
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2
    assert "failed with error" in told[0]
    assert told[1] == "No nodes ran. Repeat the previous command to attempt a new run."


def test_a_users_error_is_found_behind_those_in_which_kedro_wraps_it() -> None:
    inner = RawFileError("rows.csv is empty")
    outer = DatasetError("Failed while loading data")
    outer.__cause__ = inner
    assert find_user_error(outer) is inner
    assert find_user_error(DatasetError("no such thing")) is None
