"""Folders in the shared store: published once, checked when they are fetched, refused in a line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from casebook.cluster import shared_store
from casebook.cluster.shared_store import SharedStore, SharedStoreError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "splits"
    (made / "000" / "train").mkdir(parents=True)
    (made / "000" / "train" / "codes.npy").write_bytes(b"rows")
    (made / "000" / "preprocessor.json").write_text("{}")
    return made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_store, "RETRY_SECONDS", 0.0)


def read(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("address", ["file://{}/shared", "memory://casebook-{}"])
def test_what_is_published_is_fetched_whole_under_its_fingerprint(tmp_path: Path, folder: Path, address: str) -> None:
    store = SharedStore(address.format(tmp_path))
    store.probe(b"x")
    fingerprint = store.publish(folder)
    fetched = store.fetch(fingerprint, tmp_path / "kept")
    assert fetched == tmp_path / "kept" / fingerprint
    assert read(fetched) == read(folder)


def test_the_same_content_is_published_and_fetched_once(tmp_path: Path, folder: Path) -> None:
    store = SharedStore(f"file://{tmp_path}/shared")
    fingerprint = store.publish(folder)
    place = tmp_path / "shared" / "casebook-splits" / fingerprint
    written = {file: file.stat().st_mtime_ns for file in place.rglob("*")}
    assert store.publish(folder) == fingerprint
    assert {file: file.stat().st_mtime_ns for file in place.rglob("*")} == written
    store.fetch(fingerprint, tmp_path / "kept")
    (place / "manifest.json").unlink()
    store.fetch(fingerprint, tmp_path / "kept")
    (folder / "000" / "preprocessor.json").write_text("{1}")
    assert store.publish(folder) != fingerprint


def test_threads_that_need_the_same_rows_fetch_them_once(tmp_path: Path, folder: Path) -> None:
    store = SharedStore(f"file://{tmp_path}/shared")
    fingerprint = store.publish(folder)
    with ThreadPoolExecutor(16) as pool:
        fetched = set(pool.map(lambda _: store.fetch(fingerprint, tmp_path / "kept"), range(64)))
    assert fetched == {tmp_path / "kept" / fingerprint}
    assert read(fetched.pop()) == read(folder)


def test_a_damaged_copy_is_refused_and_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    store = SharedStore(f"file://{tmp_path}/shared")
    fingerprint = store.publish(folder)
    (tmp_path / "shared" / "casebook-splits" / fingerprint / "000" / "train" / "codes.npy").write_bytes(b"r")
    with pytest.raises(SharedStoreError, match=r"cannot be read \(.*codes.npy is not what was written\): make room or"):
        store.fetch(fingerprint, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_publication_that_was_broken_off_is_made_whole(tmp_path: Path, folder: Path) -> None:
    store = SharedStore(f"file://{tmp_path}/shared")
    fingerprint = store.publish(folder)
    place = tmp_path / "shared" / "casebook-splits" / fingerprint
    (place / "manifest.json").unlink()
    (place / "000" / "preprocessor.json").write_text("half")
    assert store.publish(folder) == fingerprint
    assert read(store.fetch(fingerprint, tmp_path / "kept")) == read(folder)


def test_a_store_that_refuses_is_named_without_its_password(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        SharedStoreError, match=rf"CASEBOOK_SHARED file://{tmp_path}/file/x cannot be written \(.*Not a"
    ):
        SharedStore(f"file://{tmp_path}/file/x").publish(folder)
    with pytest.raises(SharedStoreError) as told:
        SharedStore("nowhere://ann:secret@host/x").publish(folder)
    assert str(told.value).startswith("CASEBOOK_SHARED nowhere://ann@host/x cannot be written (Protocol not known")
    assert "secret" not in str(told.value)
