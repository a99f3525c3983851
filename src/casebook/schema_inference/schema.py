"""What is inferred of a case's tables: columns with type and role, joins, target, split, leak suspects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.schema_inference.joins import InferredJoin
    from casebook.schema_inference.leaks import Suspect
    from casebook.schema_inference.reading import RawTable
    from casebook.schema_inference.roles import InferredRole
    from casebook.schema_inference.splits import InferredSplit
    from casebook.schema_inference.targets import Target, Task
    from casebook.schema_inference.types import InferredType
    from casebook.schema_inference.values import ColumnValues


@dataclass(frozen=True)
class Column:
    """One column of the joined rows.

    Attributes:
        data: its values as they stand in its own table, under the name that the joined rows have it by.
        type: inferred.
        role: inferred.
        table: that it comes from.
    """

    data: ColumnValues
    type: InferredType
    role: InferredRole
    table: str


@dataclass(frozen=True)
class Wishes:
    """What the user says of a table.

    Attributes:
        target: column that is predicted.
        task: binary, multiclass or regression; none to infer it.
        time: column that says when a row happened; empty to infer it.
        group: column whose values stay on one side of the split; empty to infer it.
    """

    target: str
    task: Task | None = None
    time: str = ""
    group: str = ""


@dataclass(frozen=True)
class Schema:
    """All that is inferred.

    Attributes:
        tables: the one of the rows first.
        joins: by name of the joined table.
        columns: of the joined rows, by name; the target among them.
        target: what is predicted.
        split: how rows are held out.
        suspects: possible leaks.
    """

    tables: Sequence[RawTable]
    joins: Mapping[str, InferredJoin]
    columns: Mapping[str, Column]
    target: Target
    split: InferredSplit
    suspects: Sequence[Suspect] = field(default_factory=tuple)

    @property
    def rows(self) -> int:
        """Rows of the first table."""
        return len(self.tables[0])
