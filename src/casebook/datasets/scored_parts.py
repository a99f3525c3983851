"""The answers of a folder's files, each kept by itself: what is there is found again, what is missing is scored."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
from filelock import FileLock, Timeout

from casebook.batch_scoring.answer_files import COUNTS, describe_scoring, write_answers, write_time
from casebook.batch_scoring.file_scorer import Source
from casebook.batch_scoring.rejections import RejectedRowsError, describe_columns
from casebook.batch_scoring.totals import Totals
from casebook.column_types.parsing import InvalidTableError
from casebook.data.file_fingerprints import read_state
from casebook.datasets.raw import RawFileError
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casebook.batch_scoring.file_scorer import FileScorer, FolderScoring, Part

LOGGER = logging.getLogger(__name__)
MANIFEST, LOCK = "manifest.csv", ".scoring.lock"
DIGEST_LETTERS = 8
SCORED, FAILED, MISSING = "scored", "failed", "missing"
COLUMNS = ["part", "state", "rows", "scored", "rejected", "version", "digest", "seconds", "at", "folder", "reason"]
# What is wrong with one file: the others are scored all the same.
PART_ERRORS = (InvalidTableError, RawFileError)
# So often a command says how far it is, and the manifest of what is there is written anew.
TELL_SECONDS = 10.0


class PartExecutor(Protocol):
    """Scores the missing parts of a folder: in this process, or on a cluster."""

    def run(self, answers: PartAnswers) -> None:
        """Go through `answers.missing()` and write or fail each."""


class LocalParts:
    """Scores one part after another in this process."""

    def run(self, answers: PartAnswers) -> None:
        """Score what is missing; see `PartExecutor`."""
        for source in answers.missing():
            answers.write(source, partial(score_into, answers.scorer, source, answers.more_of(source)))


def score_into(scorer: FileScorer, source: Source, more: Mapping[str, Any], folder: Path) -> None:
    """Score a file into an empty folder; see `write_answers`."""
    write_answers(scorer.score(source), folder, more)


def score_parts(data: FolderScoring, folder: Path, manifest: Path, executor: PartExecutor) -> dict[str, Any]:
    """Score the files of a folder of which there are no answers yet.

    Args:
        data: the files.
        folder: in which answers are kept.
        manifest: file for a line a part.
        executor: scores them.

    Returns:
        See `PartAnswers.describe`.

    Raises:
        RejectedRowsError: no row of all could be scored.
    """
    began = time.perf_counter()
    with only_one(folder):
        answers = PartAnswers(data, folder, manifest)
        try:
            executor.run(answers)
        finally:
            answers.write_manifest()
    return answers.describe(time.perf_counter() - began)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Wait until no other command scores parts into a folder: what it has done by then need not be done again."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        LOGGER.warning("another command scores files into %s; this one waits for it", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


class PartAnswers:
    """The answers of a folder's files."""

    def __init__(self, data: FolderScoring, folder: Path, manifest: Path) -> None:
        """Store the files and where their answers are kept."""
        self.scorer, self.folder, self._data, self._manifest = data.scorer, folder, data, manifest
        self._tables = data.scorer.reader.digest_tables()
        self._lines: dict[str, dict[str, Any]] = {}
        self._states: dict[str, object] = {}
        self._totals, self._before = Totals(), 0
        self._told = time.monotonic()

    def missing(self) -> Iterator[Source]:
        """Yield the files of which there are no answers by this model, of this content and of these tables."""
        for part in self._data.parts:
            try:
                source = self._describe(part)
            except PART_ERRORS as error:
                self.fail(part.name, str(error))
                continue
            kept = self._read_kept(source)
            if kept is None:
                # Once for all, so that a fault of theirs is not taken for one of each file.
                self.scorer.read_tables()
                yield source
            else:
                self._before += 1
                self._take(part.name, kept)

    def more_of(self, source: Source) -> dict[str, Any]:
        """Return what is kept of a file beside its counts; the newest answers count, by the clock of the launch."""
        return {"folder": str(self._place(source)), "tables": self._tables, "at": write_time()}

    def write(self, source: Source, fill: Callable[[Path], None]) -> None:
        """Have the answers of a file written; they are there whole, or not at all.

        Args:
            source: the file.
            fill: writes them into an empty folder; what it raises that is the file's own fault is noted.
        """
        place = self._place(source)
        try:
            with atomic_write(place) as folder:
                folder.mkdir()
                fill(folder)
                if read_state(Path(source.place)) != self._states[source.name]:
                    raise RawFileError(f"{source.place} was changed while it was scored: run the command again")
        except PART_ERRORS as error:
            self.fail(source.name, str(error))
        else:
            self._take(source.name, json.loads((place / COUNTS).read_text()))

    def fail(self, name: str, reason: str) -> None:
        """Note why a file could not be scored."""
        LOGGER.warning("%s could not be scored: %s", name, reason)
        self._lines[name] = {"part": name, "state": FAILED, "reason": reason}

    def write_manifest(self) -> None:
        """Write a line a part: its rows, those scored and rejected, by which version, where the answers are."""
        lines = [self._lines.get(part.name, {"part": part.name, "state": MISSING}) for part in self._data.parts]
        table = pd.DataFrame(lines, columns=COLUMNS)
        with atomic_write(self._manifest) as path:
            table.astype(dict.fromkeys(["rows", "scored", "rejected"], "Int64")).to_csv(path, index=False)

    def describe(self, seconds: float) -> dict[str, Any]:
        """Return what was counted of all parts together.

        Args:
            seconds: that the command took for those that were missing.

        Returns:
            As of one file, see `AnswerFiles.finish`; besides `parts` (how many there are, were there `before`, have
            `failed`) and `failed`, by name why.

        Raises:
            RejectedRowsError: no row could be scored.
        """
        failed = {name: line["reason"] for name, line in self._lines.items() if line["state"] == FAILED}
        digests = sorted(f"{name} {line.get('digest', '')}" for name, line in self._lines.items())
        parts = {"parts": len(self._data.parts), "before": self._before, "failed": len(failed)}
        counted = {
            **self._totals.describe(), "seconds": seconds, "file": self._data.given, "place": self._data.given,
            "digest": hashlib.blake2b("\n".join(digests).encode(), digest_size=8).hexdigest(),
            **describe_scoring(self.scorer.model), "folder": str(self.folder), "parts": parts, "failed": failed,
        }  # fmt: skip
        if not self._totals.scored:
            first = f"{next(iter(failed.values()))}; " if failed else ""
            raise RejectedRowsError(
                f"{self._data.given}: no row of its {len(self._data.parts)} files could be scored ({first}rejected: "
                f"{describe_columns(counted)}); {self._manifest} names each"
            )
        return counted

    def _describe(self, part: Part) -> Source:
        self._states[part.name] = read_state(part.path)
        return Source(part.name, part.path, self.scorer.reader.digest(str(part.path)), str(part.path))

    def _place(self, source: Source) -> Path:
        return self.folder / kept_name(source.name, source.digest, self.scorer.model.version)

    def _read_kept(self, source: Source) -> dict[str, Any] | None:
        """Read what was counted of a file; None where there are no answers of the same content and tables."""
        try:
            kept: dict[str, Any] = json.loads((self._place(source) / COUNTS).read_text())
            same = (kept["file"], kept["digest"], kept["tables"]) == (source.name, source.digest, self._tables)
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return kept if same else None

    def _take(self, name: str, counted: Mapping[str, Any]) -> None:
        self._totals.add(counted)
        known = {column: counted[column] for column in COLUMNS if column in counted}
        line = {**known, "version": counted["model"]["version"], "seconds": round(counted["seconds"], 2)}
        self._lines[name] = {"part": name, "state": SCORED, **line}
        if time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            LOGGER.info("%d of %d files, %s rows scored", len(self._lines), len(self._data.parts),
                        f"{self._totals.scored:,}")  # fmt: skip
            self.write_manifest()


def kept_name(file: str, digest: str, version: str) -> str:
    """Name the folder of a file's predictions: the same file, content and version have the same one, and no other."""
    # `a/b.csv` is not `a_b.csv`.
    path = f"-{hashlib.blake2b(file.encode(), digest_size=4).hexdigest()}" if "/" in file else ""
    return f"{file.replace('/', '_')}{path}-{digest[:DIGEST_LETTERS]}-version-{version}"
