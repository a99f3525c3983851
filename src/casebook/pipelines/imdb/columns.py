"""The columns of the reviews and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "positive"
# Which part of the data set a review belongs to: train or test.
PART = "part"

# The columns of both files, and what they are called here.
FILE_COLUMNS: dict[str, Kind] = {"text": "string", "label": "label"}
NAMES = {"text": "review", "label": TARGET}
RAW_ROW: dict[str, Kind] = {"review": "string"}
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {"review": ("review",)}
