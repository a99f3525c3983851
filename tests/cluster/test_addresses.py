"""Addresses of a cluster: every fault is told at once, and no password with it."""

from __future__ import annotations

import os
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from casebook.cluster.addresses import (
    EXAMPLES,
    ClusterAddresses,
    UnreachableError,
    check_addresses,
    move_credentials,
    set_variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLOSED = "127.0.0.1:1"


def test_all_that_are_missing_are_named_at_once_with_what_they_look_like() -> None:
    with pytest.raises(UnreachableError) as told:
        check_addresses(ClusterAddresses.of({}))
    lines = str(told.value).splitlines()
    assert [line.split()[0] for line in lines] == list(EXAMPLES)
    assert lines[2] == (
        "CASEBOOK_STUDY_STORAGE is not set: give an address like postgresql://user@host/name, or begin with "
        "`casebook cluster up`"
    )


def test_all_that_cannot_be_reached_are_named_without_their_passwords(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    given = {
        "DASK_SCHEDULER_ADDRESS": f"tcp://{CLOSED}",
        "MLFLOW_TRACKING_URI": f"http://ann:secret@{CLOSED}",
        "CASEBOOK_STUDY_STORAGE": f"postgresql://ann:q7w@x9z@{CLOSED}/studies",
        "CASEBOOK_SHARED": f"file://{tmp_path}/file/below",
    }
    with pytest.raises(UnreachableError) as told:
        check_addresses(ClusterAddresses.of(given))
    lines = str(told.value).splitlines()
    assert [line.split()[0] for line in lines] == list(given)
    assert [line.split()[1] for line in lines] == [
        f"tcp://{CLOSED}", f"http://ann@{CLOSED}", f"postgresql://ann@{CLOSED}/studies", f"file://{tmp_path}/file/below"
    ]  # fmt: skip
    assert "secret" not in str(told.value)
    assert not {part for part in ("q7w", "x9z") if part in lines[2]}


@pytest.mark.parametrize(
    ("name", "address", "why"),
    [
        ("DASK_SCHEDULER_ADDRESS", "http://host", "it is no address of a Dask scheduler; it begins with tcp:// or tls"),
        (
            "MLFLOW_TRACKING_URI",
            "sqlite:///x.db",
            "workers on other machines reach a server alone; it begins with",
        ),
        ("CASEBOOK_STUDY_STORAGE", "journal:///x", "a cluster's studies are in PostgreSQL; it begins with postgresql"),
        (
            "CASEBOOK_SHARED",
            "shared/rows",
            "it leads elsewhere on each machine: give file:///folder with the whole path",
        ),
        (
            "CASEBOOK_SHARED",
            "file://shared",
            "it leads elsewhere on each machine: give file:///folder with the whole path",
        ),
    ],
)
def test_an_address_of_another_kind_is_refused_with_the_right_one(name: str, address: str, why: str) -> None:
    with pytest.raises(UnreachableError, match=f"{name} {address} cannot be used: {why}"):
        check_addresses(ClusterAddresses.of({name: address}))


def test_a_relative_folder_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreachableError):
        check_addresses(ClusterAddresses.of({"CASEBOOK_SHARED": "shared/rows"}))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def guarded_server() -> Iterator[str]:
    """Answer as MLflow's server with passwords does: /health to anybody, its API to ann with s3cret alone."""
    wanted = f"Basic {b64encode(b'ann:s3cret').decode()}"

    class Guard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") in {wanted, "Bearer t0ken"}
            health = self.path == "/health"
            body = b"OK" if health else b"{}" if known else b"You are not authenticated."
            self.send_response(200 if health or known else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Guard)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("user", "password", "token", "refused"),
    [("ann", "s3cret", "", False), ("ann", "wr0ng", "", True), ("", "", "t0ken", False), ("", "", "", True)],
)
def test_credentials_that_the_mlflow_server_refuses_are_named_at_the_start(
    guarded_server: str, monkeypatch: pytest.MonkeyPatch, user: str, password: str, token: str, refused: bool
) -> None:
    for name, value in (("USERNAME", user), ("PASSWORD", password), ("TOKEN", token)):
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
    with pytest.raises(UnreachableError) as told:
        check_addresses(ClusterAddresses.of({"MLFLOW_TRACKING_URI": f"http://{guarded_server}"}))
    line = (
        f"MLFLOW_TRACKING_URI http://{guarded_server} cannot be used: it refuses MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN (401)"
    )
    assert (line in str(told.value).splitlines()) == refused
    assert "wr0ng" not in str(told.value)


def test_addresses_are_not_shown_by_what_shows_objects() -> None:
    assert repr(ClusterAddresses.of(dict.fromkeys(EXAMPLES, "tcp://ann:secret@host"))) == "ClusterAddresses()"


def test_credentials_of_the_server_go_where_mlflow_does_not_print_them() -> None:
    variables = {"MLFLOW_TRACKING_URI": "https://ann:s%40cret@host:5000/mlflow"}
    move_credentials(variables)
    assert variables == {
        "MLFLOW_TRACKING_URI": "https://host:5000/mlflow",
        "MLFLOW_TRACKING_USERNAME": "ann",
        "MLFLOW_TRACKING_PASSWORD": "s@cret",
    }
    plain = {"MLFLOW_TRACKING_URI": "http://host"}
    move_credentials(plain)
    move_credentials({})
    assert plain == {"MLFLOW_TRACKING_URI": "http://host"}


def test_a_file_sets_what_the_user_has_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cluster.env"
    file.write_text("# written by up\n\nexport MLFLOW_TRACKING_URI='http://other'\nexport CASEBOOK_SHARED=file:///a\n")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mine")
    monkeypatch.setenv("CASEBOOK_SHARED", "")
    assert set_variables(file) == ["MLFLOW_TRACKING_URI"]
    assert (os.environ["MLFLOW_TRACKING_URI"], os.environ["CASEBOOK_SHARED"]) == ("http://mine", "file:///a")
    assert set_variables(tmp_path / "none.env") == []
