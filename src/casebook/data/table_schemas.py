"""Pandera schemas of typed tables: declared columns, and what their values must be. Importing this imports Pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandera.pandas as pa

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from casebook.column_types.parsing import Kind

BINARY = pa.Check.isin([0, 1], error="must be 0 or 1")


def one_of(values: Iterable[str]) -> pa.Check:
    """Allow some texts alone."""
    allowed = list(values)
    return pa.Check.isin(allowed, error=f"must be one of {', '.join(allowed)}")


def describe_table(
    kinds: Mapping[str, Kind],
    checks: Mapping[str, pa.Check | list[pa.Check]],
    nullable: Collection[str] = (),
    unique: Collection[str] = (),
) -> pa.DataFrameSchema:
    """Build the schema of a table whose columns are declared, and typed already.

    Args:
        kinds: the declared columns; the table has these and no others.
        checks: column -> what its values must be; values that are null are not checked.
        nullable: columns that may hold nulls.
        unique: columns that hold no value twice.
    """
    columns = {
        name: pa.Column(checks=checks.get(name), nullable=name in nullable, unique=name in unique) for name in kinds
    }
    return pa.DataFrameSchema(columns, strict=True)
