"""Storages that cannot be opened, refused in a line that says what to do."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import optuna
import pytest

from casebook.tuning.errors import SpaceError
from casebook.tuning.storage import lock_study, open_storage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", ["no journal\nat all\n", '{"a": 1}\n', "5\n", '{"op_code": 99, "worker_id": ""}\n'])
def test_a_journal_that_is_none_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "study.journal"
    file.write_text(content)
    with pytest.raises(SpaceError, match=rf"study.storage journal:///{file} is no journal, or a damaged one .*: move"):
        open_storage(f"journal:///{file}")


def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("one line\nand a half")
    with pytest.raises(SpaceError, match="is no journal"):
        open_storage(f"journal:///{file}")
    assert file.read_text() == "one line\nand a half"


@pytest.mark.parametrize("left", [b"", b"\0" * 50])
def test_a_journal_whose_last_line_was_cut_off_goes_on_without_it(
    tmp_path: Path, left: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "study.journal"
    study = optuna.create_study(storage=open_storage(f"journal:///{file}"), study_name="toy")
    study.enqueue_trial({"x": 1})
    study.enqueue_trial({"x": 2})
    file.write_bytes(file.read_bytes()[:-9] + left)
    again = optuna.load_study(storage=open_storage(f"journal:///{file}"), study_name="toy")
    assert len(again.trials) == 1
    again.enqueue_trial({"x": 3})
    kept = optuna.load_study(storage=open_storage(f"journal:///{file}"), study_name="toy").trials
    assert [trial.system_attrs["fixed_params"] for trial in kept] == [{"x": 1}, {"x": 3}]
    told = [record.message for record in caplog.records if record.name.startswith("casebook")]
    assert told == [f"the last line of {file} was cut off and is left out: what it told is done anew"]


def test_a_journal_in_a_place_that_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpaceError, match=r"study.storage journal:///.*file/x/study.journal cannot be opened \(Not a"):
        open_storage(f"journal:///{tmp_path}/file/x/study.journal")


def test_a_database_that_cannot_be_opened_is_refused_by_its_address() -> None:
    address = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(SpaceError, match=rf"study.storage {address} cannot be opened \(.*\): check the address and st"):
        open_storage(address)


def test_an_address_without_a_scheme_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SpaceError, match=r"'study\.db': give journal:///<file> or postgresql://"):
        open_storage("study.db")


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("mysql+pymysql://ann:secret@host/studies", "mysql+pymysql://ann@host/studies"),
        ("sqlite:///study.db", "sqlite:///study.db"),
    ],
)
def test_a_storage_without_locks_is_refused_without_its_password(address: str, named: str) -> None:
    with pytest.raises(SpaceError) as refused:
        open_storage(address)
    assert str(refused.value).startswith(f"study.storage {named}: give journal:///<file> or postgresql://")


def test_one_at_a_time_changes_a_study_in_a_journal(tmp_path: Path) -> None:
    address = f"journal:///{tmp_path}/study.journal"
    storage, done = open_storage(address), Event()

    def change() -> None:
        with lock_study(open_storage(address), address, "toy"):
            done.set()

    with lock_study(storage, address, "toy"):
        other = Thread(target=change)
        other.start()
        assert not done.wait(0.3)
    other.join(10)
    assert done.is_set()
