"""Pima's own nodes: reading its table, whatever its first line is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.labels import NO_LABELS, map_labels
from casebook.column_types.parsing import conform_table
from casebook.data.schema_checks import check_table
from casebook.data.source_names import source_of
from casebook.pipelines.pima.columns import PATIENTS, TARGET
from casebook.stages.nodes import refuse_one_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

FILE = "pima-indians-diabetes.csv"
# The spellings of the copy that Kaggle's users pass on, in small letters.
SPELLINGS = {
    "bloodpressure": "pressure",
    "skinthickness": "skin",
    "diabetespedigreefunction": "pedigree",
    "outcome": TARGET,
}


def ingest_patients(raw_patients: pd.DataFrame, labels: Mapping[str, int] = NO_LABELS) -> pd.DataFrame:
    """Type and check the patients, from a file with or without a header line.

    Returns:
        The nine columns under this project's names: the measurements as numbers, `diabetes` as int8.
    """
    from casebook.pipelines.pima.schemas import PATIENTS_SCHEMA

    file = source_of(raw_patients, FILE)
    patients = conform_table(map_labels(name_columns(raw_patients), TARGET, labels, file), PATIENTS, file)
    check_table(patients, PATIENTS_SCHEMA, file)
    refuse_one_class(patients, TARGET, file)
    return patients.astype({TARGET: "int8"})


def name_columns(raw_patients: pd.DataFrame) -> pd.DataFrame:
    """Take the names from the header line, which may be in the table as its first row, and spell them our way."""
    if len(raw_patients):
        first = [_spell(value) for value in raw_patients.iloc[0]]
        if TARGET in first:
            return raw_patients.iloc[1:].reset_index(drop=True).set_axis(first, axis="columns")
    return raw_patients.rename(columns=_spell)


def _spell(name: object) -> str:
    """Give a column's name as this project spells it; other words stay as they are."""
    known = SPELLINGS.get(str(name).strip().lower(), str(name).strip().lower())
    return known if known in PATIENTS else str(name)
