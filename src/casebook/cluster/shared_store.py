"""The store that all machines of a cluster reach (fsspec): prepared arrays, kept by a hash of their content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
import uuid
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from casebook.config.secrets import hide_password
from casebook.runtime.atomic_files import atomic_write
from casebook.runtime.processes import ProcessIdentity, this_process
from casebook.tuning.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MANIFEST = "manifest.json"
# In a folder that is one launch's alone: which process that is.
OWNER = "owner.json"
# Folders of a store: prepared splits, what goes to and comes from those who score files, and shards of a launch.
SPLITS, SCORING, SHARDS = "casebook-splits", "casebook-scoring", "casebook-shards"
TRIES, RETRY_SECONDS = 3, 1.0
# Threads of a process that need the same rows: the first one fetches them.
ONE_FETCH = threading.Lock()


class SharedStoreError(StudyError):
    """The shared store cannot be written or read; the message names it, without its password."""


class DamagedCopyError(ValueError):
    """What was fetched is not what was published."""


class SharedStore:
    """Folders in a shared store, published once and fetched by their fingerprint."""

    def __init__(self, address: str, folder: str = SPLITS) -> None:
        """Store the address, `s3://`, `gs://`, `file://` or another of fsspec's, and the folder of the store."""
        self._address, self._folder = address, folder

    @cached_property
    def _place(self) -> tuple[Any, str]:
        import fsspec

        system, root = fsspec.core.url_to_fs(self._address)
        return system, root.rstrip("/")

    def probe(self, content: bytes) -> None:
        """Write, read and remove a small file.

        Raises:
            ValueError: it did not come back as it was; the store's own errors for what it refuses.
        """
        system, root = self._place
        path = f"{root}/probe-{uuid.uuid4().hex}"
        system.makedirs(root, exist_ok=True)
        system.pipe_file(path, content)
        try:
            if system.cat_file(path) != content:
                raise ValueError("what was written is not what is read")
        finally:
            system.rm_file(path)

    def publish(self, folder: Path) -> str:
        """Copy the files of a folder into the store; see `publish_files`."""
        return self.publish_files(
            {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}
        )

    def publish_files(self, files: Mapping[str, Path]) -> str:
        """Copy files into the store, together, unless they are there.

        Args:
            files: by the names that they shall have.

        Returns:
            The fingerprint of their content.

        Raises:
            SharedStoreError: the store is full, or refuses.
        """
        manifest = json.dumps({name: _hash(file) for name, file in files.items()}, sort_keys=True).encode()
        fingerprint = hashlib.sha256(manifest).hexdigest()
        try:
            system, root = self._place
            place = f"{root}/{self._folder}/{fingerprint}"
            if not system.exists(f"{place}/{MANIFEST}"):
                for name, file in files.items():
                    self._write(f"{place}/{name}", partial(system.put_file, str(file)))
                # The last one: who finds it finds all others.
                self._write(f"{place}/{MANIFEST}", lambda path: system.pipe_file(path, manifest))
        except Exception as error:
            raise self._explain("written", error) from error
        return fingerprint

    def fetch(self, fingerprint: str, kept: Path) -> Path:
        """Fetch a folder, once; it is checked before it gets its name.

        Args:
            fingerprint: of its content, from `publish`.
            kept: the folder in which such folders are kept.

        Returns:
            Where it lies now.

        Raises:
            SharedStoreError: it cannot be read, or is damaged.
        """
        folder = kept / fingerprint
        with ONE_FETCH:
            if not folder.is_dir():
                with atomic_write(folder) as unfinished:
                    self.fetch_into(fingerprint, unfinished)
        return folder

    def remove(self, fingerprint: str = "") -> None:
        """Remove what was published under a fingerprint; without one all that was published in this folder.

        Raises:
            SharedStoreError: the store refuses.
        """
        try:
            system, root = self._place
            place = f"{root}/{self._folder}/{fingerprint}".rstrip("/")
            if system.exists(place):
                system.rm(place, recursive=True)
        except Exception as error:
            raise self._explain("tidied", error) from error

    def claim(self, launch: str) -> None:
        """Note in a folder of this one that this process is at work there, before anything else lies in it.

        Raises:
            SharedStoreError: the store refuses.
        """
        try:
            system, root = self._place
            facts = json.dumps(this_process().describe()).encode()
            place = f"{root}/{self._folder}/{launch}/{OWNER}"
            self._write(place, lambda path: system.pipe_file(path, facts))
        except Exception as error:
            raise self._explain("written", error) from error

    def remove_abandoned(self) -> list[str]:
        """Remove the folders of this one that processes have claimed which certainly are no more.

        Returns:
            Their names. Those of other machines stay, whose processes cannot be seen from here, and those without an
            owner.

        Raises:
            SharedStoreError: the store refuses.
        """
        removed = []
        try:
            system, root = self._place
            place = f"{root}/{self._folder}"
            system.invalidate_cache()
            for path in system.ls(place, detail=False) if system.exists(place) else []:
                name = path.rstrip("/").rpartition("/")[2]
                if self._is_abandoned(f"{place}/{name}/{OWNER}"):
                    system.rm(f"{place}/{name}", recursive=True)
                    removed.append(name)
        except FileNotFoundError:
            # Another launch removes the same.
            return removed
        except Exception as error:
            raise self._explain("tidied", error) from error
        return removed

    def _is_abandoned(self, note: str) -> bool:
        system, _ = self._place
        if not system.exists(note):
            return False
        try:
            owner = ProcessIdentity.of(json.loads(system.cat_file(note)))
        except ValueError:
            # Cut by a loss of power: of whom it is, cannot be said.
            return False
        return owner is not None and owner.gone

    def fetch_into(self, fingerprint: str, folder: Path) -> None:
        """Fetch files into an empty folder, or one that is not there.

        Raises:
            SharedStoreError: they cannot be read, or are damaged; the folder is gone then.
        """
        for attempt in range(TRIES):
            try:
                self._fetch_whole(fingerprint, folder)
            except Exception as error:
                shutil.rmtree(folder, ignore_errors=True)
                if attempt == TRIES - 1:
                    raise self._explain("read", error) from error
                time.sleep(RETRY_SECONDS)
            else:
                return

    def _fetch_whole(self, fingerprint: str, folder: Path) -> None:
        system, root = self._place
        place = f"{root}/{self._folder}/{fingerprint}"
        manifest = system.cat_file(f"{place}/{MANIFEST}")
        if hashlib.sha256(manifest).hexdigest() != fingerprint:
            raise DamagedCopyError(f"{place}/{MANIFEST} is not what was written")
        for name, digest in json.loads(manifest).items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(f"{place}/{name}", str(file))
            if _hash(file) != digest:
                raise DamagedCopyError(f"{place}/{name} is not what was written")

    def _write(self, path: str, write: Callable[[str], object]) -> None:
        """Write a file under another name first where a store shows one that is half written."""
        system, _ = self._place
        beside = f"{path}.unfinished-{os.getpid()}-{uuid.uuid4().hex[:8]}" if self._is_local else path
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            write(beside)
            if beside != path:
                system.mv(beside, path)
        except BaseException:
            if beside != path and system.exists(beside):
                system.rm_file(beside)
            raise

    @property
    def _is_local(self) -> bool:
        return "file" in self._place[0].protocol

    def _explain(self, verb: str, error: Exception) -> SharedStoreError:
        reason = str(error).strip().splitlines()
        return SharedStoreError(
            f"CASEBOOK_SHARED {hide_password(self._address)} cannot be {verb} "
            f"({reason[0] if reason else type(error).__name__}): make room or name another store"
        )


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
