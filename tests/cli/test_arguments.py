"""Ports that are free, taken or none, and extras that are missing."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from casebook.cli import arguments
from casebook.config.extras import EXTRAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

LISTENING = [["ui"], ["serve", "redhat"], ["dashboard", "redhat"], ["viz"]]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens; the one after it is free."""
    while True:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            if port < 65535 and arguments._listen("127.0.0.1", port + 1) is None:
                yield port
                return


@pytest.mark.parametrize("words", LISTENING, ids=lambda words: words[0])
def test_a_port_that_is_taken_is_told_with_the_next_free_one(
    casebook: Callable[..., Result], words: list[str], taken: int
) -> None:
    result = casebook(*words, "--port", str(taken))
    assert (result.exit_code, result.output) == (1, f"Error: port {taken} is taken; use --port {taken + 1}\n")


def test_the_last_port_of_all_has_none_after_it(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "_listen", lambda *_: OSError(arguments.errno.EADDRINUSE, "Address already in use"))
    assert casebook("ui", "--port", "65535").output == "Error: port 65535 is taken; use --port <another>\n"


@pytest.mark.parametrize("words", LISTENING, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("five", "'five' is not a valid integer range."),
        ("70000", "70000 is not in the range 1<=x<=65535."),
        ("0", "0 is not in the range 1<=x<=65535."),
    ],
)
def test_what_is_no_port_is_told_in_one_line(
    casebook: Callable[..., Result], words: list[str], given: str, told: str
) -> None:
    result = casebook(*words, "--port", given)
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == f"Error: Invalid value for '--port': {told}"


@pytest.mark.parametrize("before", [True, False], ids=["host first", "port first"])
def test_the_port_is_looked_for_on_the_host_that_is_named(casebook: Callable[..., Result], before: bool) -> None:
    named, port = ["--host", "203.0.113.1"], ["--port", "5001"]
    result = casebook("serve", "redhat", *(named + port if before else port + named))
    assert result.exit_code == 1
    assert result.output.startswith("Error: nothing can listen on 203.0.113.1 port 5001: ")


@pytest.mark.parametrize(
    ("words", "extra", "what"),
    [
        (["serve", "redhat"], "serve", "serving"),
        (["dashboard", "redhat"], "dashboard", "the dashboard"),
        (["viz"], "viz", "drawing pipelines"),
        (["fetch", "redhat"], "fetch", "fetching"),
    ],
)
def test_a_command_whose_extra_is_missing_says_which_one_to_install(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, words: list[str], extra: str, what: str
) -> None:
    monkeypatch.setattr(arguments, "_listen", lambda *_: None)
    monkeypatch.setitem(sys.modules, EXTRAS[extra][-1], None)
    result = casebook(*words)
    told = f"Error: {what} needs the extra \"{extra}\": pip install 'casebook[{extra}]'\n"
    assert (result.exit_code, result.output) == (1, told)
