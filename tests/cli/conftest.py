"""The program as a person types it, in the tests' own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from casebook.cli.program import program

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result


@pytest.fixture
def casebook(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Type `casebook` with words behind it -> exit code and output; no command replaces the tests' process."""
    monkeypatch.setattr("os.execve", lambda _program, words, _environment: pytest.fail(f"started {words}"))
    return lambda *words: CliRunner().invoke(program, words, prog_name="casebook")
