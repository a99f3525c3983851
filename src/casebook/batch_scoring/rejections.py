"""Rows of a file that are rejected: why each is, and when there are too many for the others to be used unseen."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.column_types.parsing import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from casebook.column_types.invalid_values import InvalidValue


SHOWN = 3
REJECTED = ["row", "key", "column", "reason"]


class RejectedRowsError(InvalidTableError):
    """More rows of a file, or of all files of a folder, were rejected than is allowed."""


class FailedPartsError(InvalidTableError):
    """Files of a folder could not be scored; the others are."""


def tabulate_faults(
    faults: list[InvalidValue], keys: pd.Series, numbers: np.ndarray, broken: list[tuple[int, str]]
) -> pd.DataFrame:
    """Put together why rows are rejected, a line a row: its first fault's column and all reasons.

    Further reasons name their own columns.

    Returns:
        `row`, `key`, `column`, `reason`, in the order of the file.
    """
    by_row: dict[int, list[InvalidValue]] = {}
    for fault in faults:
        by_row.setdefault(fault.row, []).append(fault)
    lines = [
        (int(numbers[row]), keys.iloc[row], found[0].column, "; ".join([found[0].reason, *map(_tell, found[1:])]))
        for row, found in by_row.items()
    ]
    lines += [(number, "", "", reason) for number, reason in broken]
    return pd.DataFrame(sorted(lines, key=itemgetter(0)), columns=REJECTED).astype({"row": "int64"})


def _tell(fault: InvalidValue) -> str:
    return f"{fault.column}: {fault.reason}" if fault.column else fault.reason


def refuse_rejected(
    scored: Mapping[str, Any],
    predict: Mapping[str, Any],
    drift: pd.DataFrame,  # noqa: ARG001 - what is written before this may end the run
    explanations: pd.DataFrame,  # noqa: ARG001
) -> None:
    """Raise when files could not be scored, or a larger share of all rows was rejected than is allowed.

    Raises:
        FailedPartsError: names the files of a folder that could not be scored.
        RejectedRowsError: counts the rows by column, and says where the good and the rejected ones are.
    """
    if failed := scored.get("failed"):
        shown = "; ".join(f"{name}: {reason}" for name, reason in list(failed.items())[:SHOWN])
        raise FailedPartsError(
            f"{scored['file']}: {len(failed)} of {scored['parts']['parts']} files could not be scored; the others are, "
            f"and the same command goes on once these are mended or removed: {shown}{' ...' * (len(failed) > SHOWN)}"
        )
    rows, rejected, most = scored["rows"], scored["rejected"], predict["max_rejected_share"]
    if rejected > most * rows:
        place = f"{scored['folder']}/{'*/' * ('parts' in scored)}rejected.parquet"
        raise RejectedRowsError(
            f"{scored['file']}: {rejected:,} of {rows:,} rows were rejected ({describe_columns(scored)}), more than "
            f"predict.max_rejected_share={most:g} allows; the others are predicted, and {place} says of each why"
        )


def describe_columns(scored: Mapping[str, Any]) -> str:
    """Say how many rows were rejected for which column; those that could not be read have none."""
    counts = sorted(scored["rejected_columns"].items(), key=lambda each: -each[1])
    return ", ".join(f"{name or 'unreadable'} {count:,}" for name, count in counts) or "none"
