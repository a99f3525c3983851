"""The columns of the bank's table and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "deposit"

CLIENTS: dict[str, Kind] = {
    "age": "number",
    "job": "text",
    "marital": "text",
    "education": "text",
    "default": "text",
    "balance": "number",
    "housing": "text",
    "loan": "text",
    "contact": "text",
    "day": "number",
    "month": "text",
    # How long the call took is known only after it, when the answer is known too: it leaks.
    "duration": "number",
    "campaign": "number",
    "pdays": "number",
    "previous": "number",
    "poutcome": "text",
    TARGET: "label",
}
# A raw row of the model: a client without the answer.
RAW_ROW: dict[str, Kind] = {name: kind for name, kind in CLIENTS.items() if name != TARGET}
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {name: (name,) for name in RAW_ROW}
