"""The raw files of a case: the user's own, or a generated sample that is never mistaken for them."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from casebook.column_types.parsing import InvalidTableError
from casebook.compute.threads import map_in_threads
from casebook.config.paths import raw_folder, raw_folder_is_set
from casebook.data.file_fingerprints import read_content
from casebook.runtime.atomic_files import atomic_write, rename_into_place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.cases.registry import Case

MARKER = ".sample.json"


class RawFilesError(InvalidTableError):
    """Raw files are missing or mixed; the message says which, where, and what to do."""


@dataclass(frozen=True)
class RawFiles:
    """Raw files of a run: their origin, fingerprint and row counts.

    Attributes:
        origin: the user's `files` or a generated `sample`.
        folder: where they lie.
        digests: file name -> hash of the content.
        rows: file name -> number of rows.
        best_reachable: for a sample, the best reachable scores by split strategy and metric.
        generated: whether the sample was made just now.
    """

    origin: Literal["files", "sample"]
    folder: Path
    digests: Mapping[str, str]
    rows: Mapping[str, int]
    best_reachable: Mapping[str, Mapping[str, float]]
    generated: bool = False

    @property
    def fingerprint(self) -> str:
        """Return one hash of all files together."""
        return hashlib.blake2b(json.dumps(sorted(self.digests.items())).encode(), digest_size=8).hexdigest()


def find_raw_files(case: Case, sample: Mapping[str, int]) -> RawFiles:
    """Find the case's raw files, or generate a sample where there are none.

    Args:
        case: names the files.
        sample: the case's `sample` block, the generator's parameters.

    Raises:
        RawFilesError: a file is missing while another is there, a folder named by `CASEBOOK_RAW` lacks them, or
            files of a sample lie among the user's.
    """
    folder = raw_folder(case.name)
    marker = _read_marker(folder)
    digests, rows = _fingerprint(folder, [*case.files, *case.optional_files])
    made = _unchanged(marker, digests)
    missing = [name for name in case.files if name not in digests]
    if raw_folder_is_set() or (digests and len(made) < len(digests)) or case.write_sample is None:
        _refuse_missing(case, folder, missing)
        _refuse_mixture(folder, made, digests)
        return RawFiles("files", folder, digests, rows, {})
    if missing or marker.get("parameters") != dict(sample):
        marker = _generate(case, sample, folder, made)
        digests, rows = _fingerprint(folder, [*case.files, *case.optional_files])
        return RawFiles("sample", folder, digests, rows, marker["best_reachable"], generated=True)
    return RawFiles("sample", folder, digests, rows, marker["best_reachable"])


def sample_files(folder: Path, names: list[str]) -> list[str]:
    """List those of the named files that a sample put there."""
    return _unchanged(_read_marker(folder), _fingerprint(folder, names)[0])


def _unchanged(marker: Mapping[str, Any], digests: Mapping[str, str]) -> list[str]:
    return [name for name, digest in digests.items() if marker.get("fingerprints", {}).get(name) == digest]


def _read_marker(folder: Path) -> dict[str, Any]:
    """Read what is known of a sample; nothing where the user named the folder or there is none.

    Raises:
        RawFilesError: it is damaged, so that nobody knows whether the files beside it are a sample.
    """
    marker = folder / MARKER
    if raw_folder_is_set() or not marker.exists():
        return {}
    try:
        found: dict[str, Any] = json.loads(marker.read_text())
        if not {"parameters", "best_reachable", "fingerprints"} <= found.keys():
            raise ValueError("it lacks what a sample's marker holds")
    except (OSError, ValueError, AttributeError) as error:
        if not any(file.name != MARKER for file in folder.iterdir()):
            return {}
        raise RawFilesError(
            f"{marker} is damaged ({error}): remove the folder, and its sample is made anew; or only this file, if the "
            "files beside it are your own"
        ) from None
    return found


def _refuse_missing(case: Case, folder: Path, missing: list[str]) -> None:
    if missing:
        why = "CASEBOOK_RAW names this folder, so no sample is generated in it"
        if case.write_sample is None:
            raise RawFilesError(
                f"{folder} lacks {', '.join(missing)}: put the files of data.tables there, or give data.tables.<name>."
                f"file={case.name} a path below the project or an absolute one"
            )
        if not raw_folder_is_set():
            why = "the others are there"
        raise RawFilesError(
            f"{folder} lacks {', '.join(missing)} ({why}); {case.name} needs {', '.join(case.files)}: "
            f"see data/README.md for where they come from"
        )


def _refuse_mixture(folder: Path, made: list[str], digests: Mapping[str, str]) -> None:
    if made:
        own = ", ".join(sorted(set(digests) - set(made)))
        raise RawFilesError(
            f"{folder}: {', '.join(made)} belong to the generated sample but {own} do not; remove the former"
        )


def _generate(case: Case, sample: Mapping[str, int], folder: Path, earlier: list[str]) -> dict[str, Any]:
    """Generate the sample in a temporary folder, then move it into place file by file after its marker.

    An earlier sample's files go before its marker does and the new marker comes before the new files: a kill in between
    leaves a sample that is known as one, lacks a file and is made again.
    """
    with atomic_write(folder.with_name(f"{folder.name}-sample")) as made:
        made.mkdir()
        best = case.write_sample(sample, made) if case.write_sample else {}
        names = sorted(file.name for file in made.iterdir())
        marker = {"parameters": dict(sample), "best_reachable": best, "fingerprints": _fingerprint(made, names)[0]}
        folder.mkdir(parents=True, exist_ok=True)
        for name in earlier:
            (folder / name).unlink()
        with atomic_write(folder / MARKER) as path:
            path.write_text(json.dumps(marker, indent=1))
        for name in names:
            rename_into_place(made / name, folder / name)
    # Another command that has made the same sample at the same time may have done so.
    with suppress(FileNotFoundError):
        (folder.with_name(f"{folder.name}-sample")).rmdir()
    return marker


def _fingerprint(folder: Path, names: list[str]) -> tuple[dict[str, str], dict[str, int]]:
    """Hash the files that are there and count their rows."""
    there = [name for name in names if (folder / name).exists()]
    # Hashing lets go of the interpreter's lock.
    found = dict(zip(there, map_in_threads(_hash_file, [folder / name for name in there]), strict=True))
    return {name: digest for name, (digest, _) in found.items()}, {name: rows for name, (_, rows) in found.items()}


def _hash_file(path: Path) -> tuple[str, int]:
    """Hash a file and count its rows: lines below the header, or what other kinds of file say of themselves.

    Of a folder of files all of them together.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and file.name[0] not in "._")
        found = {str(file.relative_to(path)): _hash_file(file) for file in files}
        told = json.dumps({name: digest for name, (digest, _) in found.items()})
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest(), sum(rows for _, rows in found.values())
    content = read_content(path)
    counted = COUNTERS.get(path.suffix)
    return content.digest, counted(path) if counted else max(0, content.lines - 1)


def _count_parquet(path: Path) -> int:
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except ArrowException:
        # A damaged file is reported where it is read.
        return 0


def _count_arrays(path: Path) -> int:
    """Count the labels in a NumPy archive, whose arrays of labels begin with y."""
    import numpy as np

    try:
        loaded = np.load(path)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            return 0
        with loaded as arrays:
            return sum(len(arrays[name]) for name in arrays.files if name.startswith("y"))
    except Exception:  # noqa: BLE001 - NumPy, zip and zlib raise errors of many kinds on damaged bytes
        return 0


COUNTERS = {".parquet": _count_parquet, ".npz": _count_arrays}
