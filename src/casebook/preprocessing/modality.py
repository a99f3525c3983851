"""Preprocessors of all modalities (columns, images, texts), stored as plain values and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.preprocessing.images import ImagePreprocessor
from casebook.preprocessing.tabular import TabularPreprocessor
from casebook.preprocessing.texts import TextPreprocessor

if TYPE_CHECKING:
    from collections.abc import Mapping


Preprocessor = TabularPreprocessor | ImagePreprocessor | TextPreprocessor
KINDS: dict[str, type[Any]] = {"columns": TabularPreprocessor, "images": ImagePreprocessor, "texts": TextPreprocessor}


def describe_preprocessor(preprocessor: Preprocessor) -> dict[str, Any]:
    """Convert a fitted preprocessor to plain values that JSON can hold, with its `kind`."""
    kind = next(name for name, made in KINDS.items() if isinstance(preprocessor, made))
    return {"kind": kind, **preprocessor.to_dict()}


def restore_preprocessor(values: Mapping[str, Any]) -> Preprocessor:
    """Rebuild a preprocessor from the values of `describe_preprocessor`."""
    restored: Preprocessor = KINDS[values["kind"]].from_dict({k: v for k, v in values.items() if k != "kind"})
    return restored
