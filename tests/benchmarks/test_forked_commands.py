"""A program in a fork starts, runs and ends as one in a process of its own does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from forked_commands import ForkServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.project import Command

    Start = Callable[..., Command]

pytestmark = pytest.mark.process
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "COLOUR": "red"}
PATIENCE = 300
TELLING = """
import os, sys
print(__name__, sys.argv, sys.path[0], os.getcwd(), sorted(os.environ.items()), sys.stdin.read(), sep="\\n", flush=True)
os.system("echo a child")
print("and this", file=sys.stderr)
"""
WAITING = """
import sys, time
from pathlib import Path
Path("begun").touch()
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    made = ForkServer(ENVIRONMENT, [])
    yield made
    made.close()


@pytest.fixture(params=["in a fork", "in a process of its own"])
def start(request: pytest.FixtureRequest, server: ForkServer, tmp_path: Path) -> Start:
    """Start a program in a folder."""

    def start_program(code: str, *words: str, **variables: str) -> Command:
        program = tmp_path / "program.py"
        program.write_text(code)
        environment = {**ENVIRONMENT, **variables}
        if request.param == "in a fork":
            assert server.fits(environment)
            return server.start([str(program), *words], tmp_path, environment)
        return subprocess.Popen(
            [sys.executable, str(program), *words], cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    return start_program


def wait_for(file: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_has_its_words_folder_variables_and_streams(start: Start, tmp_path: Path) -> None:
    process = start(TELLING, "run", "--env=test", HOME="/elsewhere")
    said, _ = process.communicate(timeout=PATIENCE)
    expected = sorted({**ENVIRONMENT, "HOME": "/elsewhere"}.items())
    # Python's own, set where no locale is.
    *first, variables, rest, child, last = said.splitlines()
    assert first == ["__main__", str([str(tmp_path / "program.py"), "run", "--env=test"]), *[str(tmp_path)] * 2]
    assert [pair for pair in eval(variables) if pair[0] != "LC_CTYPE"] == expected  # noqa: S307 - printed above
    assert (rest, child, last) == ("", "a child", "and this")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("code", "returned", "said"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no')", 1, "no"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("import atexit; atexit.register(print, 'over'); print('x\\r\\ny')", 0, "x\ny\nover"),
        ("import os; os._exit(7)", 7, ""),
    ],
)
def test_it_ends_with_its_code_and_says_the_same(start: Start, code: str, returned: int, said: str) -> None:
    process = start(code)
    found, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == returned
    assert found.rstrip("\n").endswith(said)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_is_its_code(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    process = start(WAITING)
    wait_for(tmp_path / "begun")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == process.poll() == -number
    assert ("KeyboardInterrupt" in said) == (number == signal.SIGINT)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_several_run_at_once_and_one_that_nobody_waits_for_stops_none(server: ForkServer, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys; print(sys.argv[1]); sys.exit(int(sys.argv[1]))")
    started = [server.start([str(program), str(number)], tmp_path, ENVIRONMENT) for number in range(4)]
    del started[1]
    assert [each.communicate(timeout=PATIENCE)[0] for each in started] == ["0\n", "2\n", "3\n"]
    assert [each.returncode for each in started] == [0, 2, 3]


def test_variables_that_a_library_may_read_when_it_is_imported_need_a_process_of_their_own(server: ForkServer) -> None:
    assert server.fits({**ENVIRONMENT, "CASEBOOK_RAW": "/files", "HOME": "/elsewhere"})
    assert not server.fits({**ENVIRONMENT, "OMP_NUM_THREADS": "2"})
    assert not server.fits({"PATH": ENVIRONMENT["PATH"], "HOME": "/nowhere"})
