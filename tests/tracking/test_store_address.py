"""Which addresses are told in one line, before MLflow tries for minutes."""

from __future__ import annotations

import socket

import pytest

from casebook.tracking.sqlite_store import StoreError
from casebook.tracking.store_address import refuse_unusable


@pytest.mark.parametrize("kind", ["http", "postgresql", "mysql+pymysql"])
def test_a_server_that_takes_no_connection_is_refused_at_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casebook.tracking.store_address.getproxies", dict)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{listener.getsockname()[1]}/runs"
        with pytest.raises(StoreError, match=r"cannot be reached .*: start it, or name another") as told:
            refuse_unusable(f"{kind}://me:secret@{place}")
        assert str(told.value).startswith(f"the MLflow server {kind}://me@{place} cannot be reached (")
        listener.listen()
        refuse_unusable(f"{kind}://{place}")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("./mlruns", r"\./mlruns is a folder, in which MLflow keeps no runs any more: name a file like sqlite:////"),
        ("file:///tmp/mlruns", "file:///tmp/mlruns is a folder, in which MLflow keeps no runs any more"),
        ("foo://x", "foo://x: MLflow knows no store of the kind foo: name one like sqlite:///mlflow.db"),
        ("http://localhost:port", "http://localhost:port: Port could not be cast to integer value as 'port'; mend the"),
    ],
)
def test_an_address_at_which_mlflow_keeps_no_runs_is_refused(address: str, message: str) -> None:
    with pytest.raises(StoreError, match=f"^{message}"):
        refuse_unusable(address)


def test_a_file_a_known_service_and_a_folder_that_the_user_insists_on_are_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse_unusable("sqlite:///mlflow.db")
    refuse_unusable("databricks")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    refuse_unusable("./mlruns")
