"""Which addresses are told in one line, before MLflow tries for minutes."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from casebook.tracking.sqlite_store import StoreError
from casebook.tracking.store_address import refuse_unusable

if TYPE_CHECKING:
    from pathlib import Path


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
        if kind != "mysql+pymysql":
            refuse_unusable(f"{kind}://{place}")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("./mlruns", r"\./mlruns is a folder, in which MLflow keeps no runs any more: name a file like sqlite:////"),
        ("file:///tmp/mlruns", "file:///tmp/mlruns is a folder, in which MLflow keeps no runs any more"),
        ("foo://x", "foo://x: MLflow knows no store of the kind foo: name one like sqlite:///mlflow.db"),
        ("databricks-uc", "databricks-uc is a registry of models, in which MLflow keeps no runs: name a store of runs"),
        ("uc:http://x", "uc:http://x is a registry of models"),
        ("http://localhost:port", "http://localhost:port: Port could not be cast to integer value as 'port'; mend the"),
    ],
)
def test_an_address_at_which_mlflow_keeps_no_runs_is_refused(address: str, message: str) -> None:
    with pytest.raises(StoreError, match=f"^{message}"):
        refuse_unusable(address)


def test_a_file_and_a_folder_that_the_user_insists_on_are_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse_unusable("sqlite:///mlflow.db")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    refuse_unusable("./mlruns")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("mysql", r"needs a driver that is not installed \(No module named 'MySQLdb'\): pip install 'mysqlclient'"),
        ("mysql+pymysql", "needs a driver that is not installed .*: pip install 'pymysql'"),
        ("postgresql+asyncfoo", "Can't load plugin: sqlalchemy.dialects:postgresql.asyncfoo; mend the address"),
    ],
)
def test_a_database_whose_driver_is_missing_is_told_with_its_package(kind: str, message: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        place = f"127.0.0.1:{listener.getsockname()[1]}/runs"
        with pytest.raises(StoreError, match=message) as told:
            refuse_unusable(f"{kind}://me:secret@{place}")
    assert "secret" not in str(told.value)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without credentials of Databricks; nor does the environment hold any."""
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "ARM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "databrickscfg"))
    return tmp_path


@pytest.mark.parametrize(
    ("address", "variables", "message"),
    [
        (
            "databricks",
            {},
            "credentials are missing, {HOST} and {TOKEN} are not set and {file} is not there: `databricks",
        ),
        ("databricks", {"HOST": "https://127.0.0.1:9"}, "{TOKEN} is not set and {file} is not there: `databricks auth"),
        ("databricks://mine", {}, "databricks://mine: the credentials of the profile mine are missing, {file} is not"),
        ("databricks", {"CONFIG_PROFILE": "mine"}, "the credentials of the profile mine are missing, {file} is not"),
    ],
)
def test_databricks_without_credentials_says_in_a_line_which_are_missing(
    address: str, variables: dict[str, str], message: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)
    with pytest.raises(StoreError) as told:
        refuse_unusable(address)
    wanted = message.format(HOST="DATABRICKS_HOST", TOKEN="DATABRICKS_TOKEN", file=home / "databrickscfg")  # noqa: S106
    assert wanted in str(told.value.message)
    assert "\n" not in told.value.message


def test_a_file_without_the_profile_is_named(home: Path) -> None:
    (home / "databrickscfg").write_text("[DEFAULT]\nhost = https://127.0.0.1:9\ntoken = secret\n")
    with pytest.raises(StoreError, match="databrickscfg has no profile mine"):
        refuse_unusable("databricks://mine")


def test_databricks_with_credentials_is_let_through(home: Path) -> None:
    (home / "databrickscfg").write_text("[mine]\nhost = https://127.0.0.1:9\ntoken = secret\n")
    refuse_unusable("databricks://mine")
