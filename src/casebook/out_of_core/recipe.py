"""What is done to the parts of a case's tables, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from casebook.preprocessing.row_schema import RowSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from casebook.config.schema import SplitParameters, TabularPreprocessingParameters
    from casebook.config.schema.table_declaration import DataParameters
    from casebook.data.row_description import OwnCode
    from casebook.preprocessing.arrays import Labels
    from casebook.preprocessing.tabular import Arrays

# Of all rows so many are kept as they stand in the files, for importance, profile and page; of promotion rows too.
SAMPLE_ROWS = 200_000
NO_SCHEMA = RowSchema({}, {})


class PartWorkers(Protocol):
    """Processes that work on parts. What they make stays with them until it is gathered."""

    def map(self, function: Callable[..., Any], items: Sequence[Any], **shared: Any) -> list[Any]:  # noqa: ANN401
        """Apply a function to each item, or to what one of the results before stands for.

        Returns:
            What stands for the results.
        """

    def submit(self, function: Callable[..., Any], *values: Any) -> Any:  # noqa: ANN401
        """Apply a function to values, or to what results before stand for; see `map`."""

    def gather(self, results: Sequence[Any]) -> list[Any]:
        """Fetch results.

        Raises:
            Exception: what the first item that failed has raised.
        """

    @property
    def broadcast_bytes(self) -> int:
        """The most bytes of a table that each worker may hold a copy of."""


class ShardPlace(Protocol):
    """Where prepared rows are written by workers, and found again by the launch."""

    def write(self, number: int, parts: Mapping[str, Arrays]) -> str:
        """Write the prepared rows of a part of the table; done twice, it is there once.

        Args:
            number: of the part.
            parts: training, validation and test rows.

        Returns:
            What `collect` finds them by.
        """

    def collect(self, written: Sequence[str]) -> dict[str, Arrays]:
        """Return the rows of all parts, as arrays in shards."""


@dataclass(frozen=True)
class Recipe:
    """What is done to rows, as every worker is told.

    Attributes:
        data: the declaration of the tables.
        labels: the target, the task, the weight.
        split: the case's `split` block.
        promotion_key: raw column by which promotion rows are held out; empty for the whole row.
        preprocessing: the case's `preprocessing` block.
        leaks: raw column -> keep or drop.
        own: what the case has in Python.
        schema: of joined rows; known once the raw tables are described.
        every: of so many rows one is kept as it stands in the files.
        kept_share: of the keys of promotion rows those whose rows are kept.
    """

    data: DataParameters
    labels: Labels
    split: SplitParameters
    promotion_key: str
    preprocessing: TabularPreprocessingParameters
    leaks: Mapping[str, str]
    own: OwnCode
    schema: RowSchema = NO_SCHEMA
    every: int = 1
    kept_share: float = 1.0

    @property
    def first(self) -> str:
        """The name of the table of the rows."""
        return next(iter(self.data.tables))

    @property
    def file(self) -> str:
        """The file of the rows."""
        return self.data.tables[self.first].file
