"""The SQLite store is created once, whoever comes first."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from casebook.tracking.sqlite_store import (
    StoreError,
    cached_tables,
    create_store_once,
    is_complete,
    set_up_experiment,
)

if TYPE_CHECKING:
    from pathlib import Path

START = "import sys; from casebook.tracking.sqlite_store import create_store_once as create; create(sys.argv[1])"


def test_a_store_that_was_created_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "mlruns" / "mlflow.db"
    assert not is_complete(file)
    create_store_once(f"sqlite:///{file}")
    assert is_complete(file)
    assert [found.name for found in MlflowClient(f"sqlite:///{file}").search_experiments()] == ["Default"]


def test_a_store_that_is_there_is_left_alone(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    create_store_once(address)
    MlflowClient(address).create_experiment("redhat")
    before = (tmp_path / "mlflow.db").read_bytes()
    create_store_once(address)
    assert (tmp_path / "mlflow.db").read_bytes() == before


def test_a_file_without_tables_is_no_complete_store(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    assert not is_complete(tmp_path / "mlflow.db")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of its own, where no tables are kept yet."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    return cached_tables()


def tables_of(file: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(file)) as store:
        return store.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_a_new_store_takes_the_tables_that_the_first_one_left_in_the_environment(tmp_path: Path, kept: Path) -> None:
    first, second = tmp_path / "one" / "mlflow.db", tmp_path / "two" / "mlflow.db"
    create_store_once(f"sqlite:///{first}")
    MlflowClient(f"sqlite:///{first}").create_experiment("redhat")
    with closing(sqlite3.connect(kept)) as store, store:
        assert store.execute("SELECT count(*) FROM experiments").fetchone() == (0,)
        store.execute("CREATE TABLE seen (it INTEGER)")
    create_store_once(f"sqlite:///{second}")
    assert set(tables_of(second)) - set(tables_of(first)) == {("table", "seen", "CREATE TABLE seen (it INTEGER)")}
    (default,) = MlflowClient(f"sqlite:///{second}").search_experiments()
    assert (default.name, default.experiment_id) == ("Default", "0")


def test_a_store_is_made_where_nothing_can_be_kept(tmp_path: Path, kept: Path) -> None:
    kept.parent.parent.mkdir(parents=True)
    kept.parent.write_text("in the way")
    create_store_once(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert is_complete(tmp_path / "mlflow.db")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_server_is_left_to_itself(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create_store_once(address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
def test_two_processes_that_start_at_once_on_a_fresh_store_both_work(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}"
    both = [
        subprocess.Popen([sys.executable, "-c", START, address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    ends = [(process.communicate(timeout=300)[0], process.returncode) for process in both]
    assert [code for _, code in ends] == [0, 0], ends
    assert [found.name for found in MlflowClient(address).search_experiments()] == ["Default"]


def set_up_with(*outcomes: Exception | None) -> int:
    """Set up an experiment whose first, second, ... try ends so; give how often it was tried."""
    tries = iter(outcomes)
    tried = []

    def setup(_context: object) -> None:
        outcome = next(tries)
        tried.append(outcome)
        if outcome is not None:
            raise outcome

    set_up_experiment(SimpleNamespace(mlflow=SimpleNamespace(setup=setup)))  # type: ignore[arg-type]
    return len(tried)


def test_an_experiment_that_another_launch_makes_meanwhile_is_used() -> None:
    client = MlflowClient()
    client.create_experiment("redhat")
    with pytest.raises(MlflowException, match="already exists") as error:
        client.create_experiment("redhat")
    assert set_up_with(error.value, None) == 2
    assert set_up_with(None) == 1


def test_another_error_of_the_store_is_not_tried_away() -> None:
    with pytest.raises(MlflowException, match="no such host"):
        set_up_with(MlflowException("no such host"), None)


@pytest.mark.parametrize("content", [b"", b"garbage" * 999])
def test_damaged_tables_in_the_environment_are_named_and_made_anew(
    tmp_path: Path, kept: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    file = tmp_path / "new" / "mlflow.db"
    create_store_once(f"sqlite:///{file}")
    assert is_complete(file)
    assert f"{kept} is damaged" in caplog.text
    with closing(sqlite3.connect(kept)) as store:
        assert store.execute("SELECT count(*) FROM experiments").fetchone() == (0,)


def test_a_damaged_store_is_named_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"garbage" * 999)
    with pytest.raises(StoreError, match=r"mlflow\.db is damaged \(file is not a database\): put a copy of it"):
        create_store_once(f"sqlite:///{file}")
