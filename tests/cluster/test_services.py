"""Processes that outlive their command: found again by any later one, stopped with all that they started."""

from __future__ import annotations

import socket
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from casebook.cluster.services import Service, Services

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.environ["SECRET_FILE"], child.pid, flush=True)
time.sleep(600)
"""


def wait_for_child(services: Services) -> int:
    while len(services.tail("sleeper").split()) < 2:
        time.sleep(0.05)
    return int(services.tail("sleeper").split()[1])


def test_a_service_is_found_by_a_later_command_and_stopped_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The child does not end with its parent, and is waited for as long.
    monkeypatch.setattr("casebook.cluster.services.STOP_SECONDS", 1)
    service = Service("sleeper", [sys.executable, "-c", PARENT], {"SECRET_FILE": "/none"}, "tcp://here")
    Services(tmp_path).start(service)
    later = Services(tmp_path)
    pid, child = later.pid("sleeper"), wait_for_child(later)
    assert (later.is_alive("sleeper"), later.address("sleeper"), [*later]) == (True, "tcp://here", ["sleeper"])
    later.start(service)
    assert later.pid("sleeper") == pid
    later.stop("sleeper")
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert not Services(tmp_path).is_alive("sleeper")
    # Its address stays: a service that is started again answers where it did.
    assert Services(tmp_path).address("sleeper") == "tcp://here"
    later.stop("sleeper")


def test_a_service_whose_port_was_taken_moves_and_those_that_were_started_after_it_are_stopped(tmp_path: Path) -> None:
    services = Services(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name in ("database", "server", "workers"):
            command = [sys.executable, "-c", "import time; time.sleep(600)"]
            services.start(Service(name, command, {}, f"tcp://127.0.0.1:{port}"))
        # Its own process has the port.
        assert services.choose_port("database") == port
        services.stop("server")
        moved = services.choose_port("server")
        assert moved != port
        assert [services.is_alive(name) for name in ("database", "server", "workers")] == [True, False, False]
    assert services.choose_port("server") == port
    assert services.choose_port("unknown") > 0
    services.stop("database")


def test_a_service_that_is_over_is_found_gone(tmp_path: Path) -> None:
    services = Services(tmp_path)
    services.start(Service("brief", [sys.executable, "-c", "print('over')"], {}, ""))
    while services.is_alive("brief"):
        time.sleep(0.05)
    assert services.tail("brief") == "over"
    services.stop("brief")
    assert services.address("unknown") == ""
    assert not services.is_alive("unknown")
