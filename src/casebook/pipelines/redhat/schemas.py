"""Pandera schemas of the typed Red Hat tables. Importing this module imports Pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pandera.pandas as pa

from casebook.column_types.parsing import distinct, spread
from casebook.pipelines.redhat.columns import ACTIVITIES, PEOPLE, TARGET

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

# Rounded ids are written like ppl_1e+05 in the original files.
PERSON_ID, ACTIVITY_ID = r"ppl_\d+(e\+?\d+)?", r"act\d_\d+(e\+?\d+)?"
TYPE, GROUP = r"type \d+", r"group \d+"


def _has_form(pattern: str) -> pa.Check:
    """Validate texts against a pattern, once per distinct value."""

    def check(column: pd.Series) -> pd.Series:
        if isinstance(column.dtype, pd.StringDtype):
            return column.str.fullmatch(pattern).fillna(True)
        codes, values = distinct(column)
        fits = pd.Series(values.astype("str"), dtype="str").str.fullmatch(pattern).to_numpy(bool)
        return pd.Series(spread(codes, fits, True), column.index)

    return pa.Check(check, error=f"must look like {pattern}")


def _column(name: str, kind: Kind) -> pa.Column:
    """Describe a column: ids and groups by their forms, other texts as a type; the rest is typed already."""
    if kind != "text":
        return pa.Column(nullable=False)
    form = {"people_id": PERSON_ID, "activity_id": ACTIVITY_ID, "group_1": GROUP}.get(name, TYPE)
    return pa.Column(checks=_has_form(form), nullable=False)


# Activities of type 1 have char_1 ... char_9 and the others char_10, so each of them may be null.
ACTIVITIES_SCHEMA = pa.DataFrameSchema(
    {
        **{name: _column(name, kind) for name, kind in ACTIVITIES.items()},
        **{f"char_{number}": pa.Column(checks=_has_form(TYPE), nullable=True) for number in range(1, 11)},
        TARGET: pa.Column(checks=pa.Check.isin([0, 1], error="must be 0 or 1"), nullable=False),
    },
    strict=True,
)
PEOPLE_SCHEMA = pa.DataFrameSchema(
    {
        **{name: _column(name, kind) for name, kind in PEOPLE.items()},
        "people_id": pa.Column(checks=_has_form(PERSON_ID), nullable=False, unique=True),
    },
    strict=True,
)
