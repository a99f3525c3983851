"""Scoring the files of a case one after another: the table that their rows are joined with is read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from casebook.batch_scoring.scorer import ScoredRows, ScoringModel, index_lookup_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from casebook.data.joins import LookupTable
    from casebook.datasets.blocks import NewRowsReader


@dataclass(frozen=True)
class Source:
    """A file whose rows are scored.

    Attributes:
        name: that it is called by; a part of a folder by its path within it.
        path: where it is read.
        digest: of its content.
        place: where it lies; elsewhere than `path` where it was fetched from there.
    """

    name: str
    path: Path
    digest: str
    place: str


@dataclass(frozen=True)
class FileScorer:
    """Scores files of a case's rows.

    Attributes:
        reader: reads them, and the tables that they are joined with.
        model: answers.
    """

    reader: NewRowsReader
    model: ScoringModel

    @cached_property
    def lookup_table(self) -> LookupTable | None:
        """The table of owners; None where the case has none."""
        table = self.reader.lookup_table()
        return None if table is None else index_lookup_table(table, self.reader.form, self.model.kinds)

    def read_tables(self) -> None:
        """Read the tables that rows are joined with, as far as that was not done.

        Raises:
            RawFileError: one is missing or damaged.
            InvalidTableError: one does not fit.
        """
        self.reader.read_tables()
        _ = self.lookup_table

    def score(self, source: Source) -> ScoredRows:
        """Return the rows of a file, scored lazily."""
        form = replace(self.reader.form, file=source.name)
        blocks = self.reader.blocks(str(source.path))
        return ScoredRows(
            blocks, lambda: self.lookup_table, self.model, form, self.reader.today, source.place, source.digest
        )


@dataclass(frozen=True)
class Part:
    """A file of a folder.

    Attributes:
        name: its path within the folder.
        path: where it lies.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class FolderScoring:
    """Files of a folder that are scored each by itself; whatever keeps the answers decides which are still missing.

    Attributes:
        given: the folder or pattern, as the user named it.
        parts: the files, by name.
        scorer: scores them.
    """

    given: str
    parts: Sequence[Part]
    scorer: FileScorer
