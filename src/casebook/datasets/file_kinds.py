"""Which kind of file holds rows, by its name and by its first bytes, and how it is opened."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CSV, PARQUET, ARRAYS = "CSV", "PARQUET", "NPZ"
KINDS = {".csv": CSV, ".parquet": PARQUET, ".pq": PARQUET, ".npz": ARRAYS}
COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
ALLOWED = ".csv (also .csv.gz, .csv.bz2, .csv.xz, .csv.zip), .parquet, .npz or a folder of Parquet files"
BEGINNINGS = {PARQUET: b"PAR1", ARRAYS: b"PK\x03\x04"}
SHOWN = 5
# First bytes of other files -> what they are.
SIGNATURES = {
    b"\x1f\x8b": "compressed by gzip: let its name end in .csv.gz",
    b"BZh": "compressed by bzip2: let its name end in .csv.bz2",
    b"\xfd7zXZ": "compressed by xz: let its name end in .csv.xz",
    b"PK\x03\x04": "a zip archive or an Excel workbook: let its name end in .zip, or save the workbook as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save it as CSV UTF-8",
    b"PAR1": "Parquet: let its name end in .parquet",
    b"\xff\xfe": "in UTF-16: save it as UTF-8 (Excel calls that CSV UTF-8)",
    b"\xfe\xff": "in UTF-16: save it as UTF-8 (Excel calls that CSV UTF-8)",
}
# The same of texts, in small letters and without blanks in front.
TEXT_BEGINNINGS = {
    (b"{", b"[{"): "JSON: save it as CSV UTF-8",
    (b"<!doctype", b"<html", b"<?xml"): "a web page: download the file itself, which may need a login",
    (b"version https://git-lfs",): "a pointer of Git LFS: fetch the file itself with `git lfs pull`",
}


class UnreadableError(ValueError):
    """What is wrong with a file, and how to mend it; whoever opened the file adds its name."""


def kind_of(path: Path) -> str:
    """Return the kind of a file or folder, whatever the case of its suffix; nothing for other kinds."""
    if path.is_dir():
        return CSV if list_text(path) else PARQUET
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        # As pandas does: what is compressed is a CSV file, unless the name says otherwise.
        return CSV if KINDS.get(suffixes[-2] if len(suffixes) > 1 else "", CSV) == CSV else ""
    return KINDS.get(suffixes[-1] if suffixes else "", "")


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file whose name may say that it is compressed.

    Raises:
        UnreadableError: a zip archive does not hold exactly one file.
    """
    opener = OPENERS.get(path.suffix.lower())
    with opener(path) if opener else path.open("rb") as file:
        yield file


def list_parquet(folder: Path) -> list[Path]:
    """List the Parquet files of a folder and its subfolders by name, without hidden ones.

    Raises:
        UnreadableError: there are none.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in {".parquet", ".pq"}]
    shown = [path for path in files if not any(part[0] in "._" for part in path.relative_to(folder).parts)]
    if not shown:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:3]) or "nothing"
        raise UnreadableError(f"a folder is read as one of Parquet files, and there are none; it holds {there}")
    return shown


def list_text(folder: Path) -> list[Path]:
    """List the CSV files of a folder by name, without hidden ones; none where it has Parquet files too."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name[0] not in "._"]
    kinds = {path: kind_of(path) for path in files}
    return [] if PARQUET in kinds.values() else [path for path, kind in kinds.items() if kind == CSV]


def describe_no_rows(folder: Path) -> str:
    """Say what a folder without files of rows holds."""
    names = sorted(path.name for path in folder.iterdir())
    shown = f"{', '.join(names[:SHOWN])}{' ...' * (len(names) > SHOWN)}" or "nothing"
    return f"{folder} holds no file of rows ({ALLOWED}); it holds {shown}"


def find_other_kind(path: Path, kind: str) -> str:
    """Say what a file really is that is not of the kind that its name says; nothing where that cannot be told."""
    with path.open("rb") as file:
        begin = file.read(256)
    if begin.startswith(BEGINNINGS.get(kind, b"\0\0\0")):
        return ""
    told = next((words for signature, words in SIGNATURES.items() if begin.startswith(signature)), "")
    if kind != CSV or told:
        return told
    letters = begin.lstrip().lower()
    words = next((words for texts, words in TEXT_BEGINNINGS.items() if letters.startswith(texts)), "")
    return words or (SIGNATURES[b"\xff\xfe"] if b"\x00" in begin else "")


@contextmanager
def _open_zip(path: Path) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if len(names) != 1:
            held = ", ".join(names[:3]) or "none"
            raise UnreadableError(f"an archive of exactly one file is needed, this one holds {len(names)}: {held}")
        with archive.open(names[0]) as file:
            yield cast("BinaryIO", file)


OPENERS: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    ".gz": gzip.GzipFile, ".bz2": bz2.BZ2File, ".xz": lzma.LZMAFile, ".zip": _open_zip,
}  # fmt: skip
