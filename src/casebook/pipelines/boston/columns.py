"""The columns of the Boston table and the raw columns that each feature is made of.

Column B encodes race: it is 1000 (share of Black inhabitants - 0.63)^2 by town, put there because the authors of 1978
supposed that segregation moves prices. It is kept only for the record of the published experiment, which used all 13
columns. The default variant leaves it out (`leaks: {B: drop}`), and no model for use should take it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "MEDV"
# Which side of Keras's split a row is on: "train" or "test". It is no part of a raw row.
PART = "part"

# In the order of the array's columns, under the names of the original publication.
INPUTS = ("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT")
NOT_NEGATIVE, ABOVE_ZERO, PERCENTAGE = "number in [0, inf)", "number in (0, inf)", "number in [0, 100]"
RAW_ROW: dict[str, Kind] = {
    **dict.fromkeys(INPUTS, NOT_NEGATIVE),
    **dict.fromkeys(("ZN", "INDUS", "AGE", "LSTAT"), PERCENTAGE),
    **dict.fromkeys(("NOX", "RM", "DIS", "TAX", "PTRATIO"), ABOVE_ZERO),
    "CHAS": "integer in [0, 1]",
}
HOUSES: dict[str, Kind] = {**RAW_ROW, TARGET: ABOVE_ZERO}
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {name: (name,) for name in INPUTS}
