"""A study is kept only where launches at the same time can be kept from each other's trials."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from casebook.tuning.hyperparameters import SpaceError
from casebook.tuning.storage import exclusive, open_storage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("mysql+pymysql://ann:secret@host/studies", "mysql+pymysql://ann@host/studies"),
        ("sqlite:///study.db", "sqlite:///study.db"),
        ("study.journal", "study.journal"),
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
        with exclusive(open_storage(address), address, "toy"):
            done.set()

    with exclusive(storage, address, "toy"):
        other = Thread(target=change)
        other.start()
        assert not done.wait(0.3)
    other.join(10)
    assert done.is_set()
