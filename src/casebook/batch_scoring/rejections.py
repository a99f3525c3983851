"""When so many rows of a file are rejected that its predictions should not be used without a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.column_types.parsing import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


class RejectedRowsError(InvalidTableError):
    """More rows of a file were rejected than is allowed."""


def refuse_rejected(
    scored: Mapping[str, Any],
    predict: Mapping[str, Any],
    drift: pd.DataFrame,  # noqa: ARG001 - what is written before this may end the run
    explanations: pd.DataFrame,  # noqa: ARG001
) -> None:
    """Raise when a larger share of the rows was rejected than `predict.max_rejected_share`.

    Raises:
        RejectedRowsError: counts the rows by column, and says where the good and the rejected ones are.
    """
    rows, rejected, most = scored["rows"], scored["rejected"], predict["max_rejected_share"]
    if rejected > most * rows:
        raise RejectedRowsError(
            f"{scored['file']}: {rejected:,} of {rows:,} rows were rejected ({describe_columns(scored)}), more than "
            f"predict.max_rejected_share={most:g} allows; the others are predicted, and {scored['folder']}/"
            f"rejected.parquet says of each why"
        )


def describe_columns(scored: Mapping[str, Any]) -> str:
    """Say how many rows were rejected for which column; those that could not be read have none."""
    counts = sorted(scored["rejected_columns"].items(), key=lambda each: -each[1])
    return ", ".join(f"{name or 'unreadable'} {count:,}" for name, count in counts) or "none"
