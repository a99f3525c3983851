"""An environment that is not there, and places that cannot be used, are told in one line."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest
from kedro.config import MissingConfigException

from casebook.caching.misuse import describe_misuse
from casebook.config.loader import CONFIG_LOADER_ARGS, CaseConfigLoader

if TYPE_CHECKING:
    from pathlib import Path


def test_an_environment_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    for name in ("base", "local", "test"):
        (tmp_path / name).mkdir()
    with pytest.raises(MissingConfigException) as told:
        CaseConfigLoader(str(tmp_path), env="tset", **CONFIG_LOADER_ARGS)["parameters"]
    line = f"there is no environment tset in {tmp_path}; there are base, local, test"
    assert describe_misuse(told.value, str(tmp_path)) == line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/there/file"),
            "/there/file cannot be used (Permission denied): give the right to, or use another folder",
        ),
        (ValueError("something else"), ""),
        (OSError(errno.ENOENT, "No such file", "/there/file"), ""),
    ],
)
def test_what_a_user_can_mend_is_one_line_and_all_else_stays_an_error(error: Exception, line: str) -> None:
    assert describe_misuse(error, "conf") == line


def test_what_is_behind_another_error_is_found() -> None:
    error = RuntimeError("while saving")
    error.__cause__ = OSError(errno.EROFS, "Read-only file system", "/there/data")
    assert describe_misuse(error, "conf").startswith("/there/data cannot be used (Read-only file system)")
