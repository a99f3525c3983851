"""The fingerprint of a file or folder: which writing of it this is, and a hash of what it holds."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_BYTES = 1 << 20
# File below a folder, or `.` for the file itself -> size, times and place on the disk.
State = dict[str, list[int]]


class Content(NamedTuple):
    """What a file holds: a hash of its bytes, and how many lines of text they would be."""

    digest: str
    lines: int


def read_state(path: Path) -> State:
    """Return the state of a file, or of all files in a folder: size, times and inode; empty when not there.

    The second time cannot be set by a user: whatever writes to a file or puts another in its place is seen.
    """
    seen = {str(file.relative_to(path)): file.stat() for file in _files(path)}
    return {name: [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for name, s in seen.items()}


def read_content(file: Path) -> Content:
    """Hash a file's bytes and count its lines, once as long as it stays as it is."""
    return _read(file, *read_state(file)["."])


def hash_content(path: Path) -> str:
    """Hash what a file holds, or all files in a folder with their names."""
    if path.is_file():
        return read_content(path).digest
    return "".join(f"{file.relative_to(path)} {read_content(file).digest}" for file in _files(path))


def _files(path: Path) -> list[Path]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in files if file.is_file()]


@cache
def _read(file: Path, *_state: int) -> Content:
    digest, lines, last = hashlib.blake2b(digest_size=8), 0, b"\n"
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return Content(digest.hexdigest(), lines + (last != b"\n"))
