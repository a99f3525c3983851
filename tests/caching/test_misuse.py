"""Commands that ask for what there is not are answered in one line with what there is."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest
from kedro.config import MissingConfigException

from casebook.caching.misuse import describe_misuse
from casebook.cases.registry import CASES
from casebook.config.loader import CONFIG_LOADER_ARGS, CaseConfigLoader

if TYPE_CHECKING:
    from pathlib import Path

JOBS = "_study, _predict, _update, _monitor"


def test_an_environment_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    for name in ("base", "local", "test"):
        (tmp_path / name).mkdir()
    with pytest.raises(MissingConfigException) as told:
        CaseConfigLoader(str(tmp_path), env="tset", **CONFIG_LOADER_ARGS)["parameters"]
    line = f"there is no environment tset in {tmp_path}; there are base, local, test"
    assert describe_misuse(told.value, ["pima"], str(tmp_path)) == line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ValueError("Failed to find the pipeline named 'pimaa'. It needs to be generated"),
            f"there is no pipeline pimaa; there are {', '.join(CASES)}, each alone or with {JOBS}",
        ),
        (
            ValueError("Pipeline does not contain nodes named ['pima.x']."),
            "Pipeline does not contain nodes named ['pima.x']. See `kedro registry describe pimaa` for the nodes.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/there/file"),
            "/there/file cannot be used (Permission denied): give the right to, or use another folder",
        ),
        (ValueError("something else"), ""),
        (OSError(errno.ENOENT, "No such file", "/there/file"), ""),
    ],
)
def test_what_a_user_can_mend_is_one_line_and_all_else_stays_an_error(error: Exception, line: str) -> None:
    assert describe_misuse(error, ["pimaa"], "conf") == line


def test_what_is_behind_another_error_is_found() -> None:
    error = RuntimeError("while saving")
    error.__cause__ = OSError(errno.EROFS, "Read-only file system", "/there/data")
    assert describe_misuse(error, [], "conf").startswith("/there/data cannot be used (Read-only file system)")
