"""Pandera schemas of the typed Red Hat tables. Importing this module imports Pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pandera.pandas as pa

from casebook.column_types.parsing import distinct, spread
from casebook.data.table_schemas import BINARY, describe_table
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


# Activities of type 1 have char_1 ... char_9 and the others char_10, so each of them may be null.
ACTIVITY_TYPES = tuple(f"char_{number}" for number in range(1, 11))
FORMS = {"people_id": _has_form(PERSON_ID), "activity_id": _has_form(ACTIVITY_ID), "group_1": _has_form(GROUP)}


def _text_checks(kinds: dict[str, Kind]) -> dict[str, pa.Check]:
    """Check ids and groups by their forms and other texts as types."""
    return {name: FORMS.get(name, _has_form(TYPE)) for name, kind in kinds.items() if kind == "text"}


ACTIVITIES_SCHEMA = describe_table(ACTIVITIES, {**_text_checks(ACTIVITIES), TARGET: BINARY}, nullable=ACTIVITY_TYPES)
PEOPLE_SCHEMA = describe_table(PEOPLE, _text_checks(PEOPLE), unique={"people_id"})
