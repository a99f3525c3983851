"""Values that the declaration of a column rules out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import distinct, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebook.config.schema.table_declaration import ColumnParameters


def find_forbidden(column: pd.Series, said: ColumnParameters, place: str) -> Iterator[str]:
    """Find values that a declaration rules out -> the column, the rule, the count, the first value and its row."""
    known = column.notna().to_numpy()
    if said.values or said.pattern:  # noqa: PD011 - no pandas object
        codes, values = distinct(column)
        texts = pd.Series(values.astype("str"), dtype="str")
        if said.values:  # noqa: PD011
            allowed = [str(value) for value in said.values]  # noqa: PD011
            other = spread(codes, ~texts.isin(allowed).to_numpy(bool), False)
            yield from _describe_wrong(column, other, f"must be one of {', '.join(allowed)}", place)
        if said.pattern:
            other = spread(codes, ~texts.str.fullmatch(said.pattern).to_numpy(bool), False)
            yield from _describe_wrong(column, other, f"must look like {said.pattern}", place)
    if said.role == "weight":
        weights = column.to_numpy(np.float64, na_value=np.nan)
        rule = "a weight must be a finite number of at least 0"
        yield from _describe_wrong(column, ~(np.isfinite(weights) & (weights >= 0)), rule, place)
    if not said.nullable:
        yield from _describe_wrong(column, ~known, "must not be empty", place)


def _describe_wrong(column: pd.Series, wrong: np.ndarray, rule: str, place: str) -> Iterator[str]:
    rows = np.flatnonzero(wrong)
    if len(rows):
        first = f"first {str(column.iloc[rows[0]])!r} in data row {rows[0] + 1}"
        yield f"{place}: {rule} ({len(rows)} rows, {first}); mend the file or the declaration"
