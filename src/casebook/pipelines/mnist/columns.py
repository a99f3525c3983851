"""The columns of the table of digits and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "digit"
# Which part of the data set an image belongs to: train or test.
PART = "part"
CLASSES = 10
HEIGHT = WIDTH = 28

RAW_ROW: dict[str, Kind] = {"image": "image"}
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {"image": ("image",)}
