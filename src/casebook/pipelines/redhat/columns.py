"""The columns of the Red Hat tables and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.preprocessing.feature_functions import DATE_PARTS

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

PERSON = "people_"
TARGET = "outcome"

ACTIVITIES: dict[str, Kind] = {
    "people_id": "text",
    "activity_id": "text",
    "date": "date",
    "activity_category": "text",
    **{f"char_{number}": "text" for number in range(1, 11)},
    TARGET: "label",
}
PEOPLE: dict[str, Kind] = {
    "people_id": "text",
    "char_1": "text",
    "group_1": "text",
    "char_2": "text",
    "date": "date",
    **{f"char_{number}": "text" for number in range(3, 10)},
    **{f"char_{number}": "flag" for number in range(10, 38)},
    "char_38": "number",
}
# A raw row of the model: the activity's columns as they are and the person's under a prefix, without the outcome.
RAW_ROW: dict[str, Kind] = {
    **{name: kind for name, kind in ACTIVITIES.items() if name != TARGET},
    **{f"{PERSON}{name}": kind for name, kind in PEOPLE.items() if name != "people_id"},
}
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {
    "people_id": ("people_id",),
    "activity_id": ("activity_id",),
    "activity_category": ("activity_category",),
    "activity_type": ("char_10",),
    **{f"activity_{part}": ("date",) for part in DATE_PARTS},
    **{name: (name,) for name in RAW_ROW if name.startswith(PERSON) and name not in {"people_id", f"{PERSON}date"}},
    **{f"{PERSON}{part}": (f"{PERSON}date",) for part in DATE_PARTS},
}
