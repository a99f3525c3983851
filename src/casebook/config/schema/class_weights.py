"""Class weights as they are written, label by label, turned into a list by class number."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from casebook.config.schema.types import fault_of_leaf, texts_of_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "class_weights"
USUAL = 1.0
# A target of classes is a byte.
MOST_CLASSES = 256


def number_class_weights(block: Any, place: str, labels: Mapping[str, int], task: str) -> Any:  # noqa: ANN401 - not checked yet
    """Return a block whose `class_weights`, where they are given by label, are a list by class number.

    A label that is not named weighs 1.

    Args:
        block: `training` or `reference`.
        place: its name.
        labels: name of a class in the files -> its number; none where the names are the numbers.
        task: binary, multiclass or regression.

    Raises:
        ValidationError: a label is none of the classes, or it is a regression.
    """
    said = block.get(KEY) if isinstance(block, dict) else None
    if said is not None and said != "none" and task == "regression":
        raise fault_of_leaf(said, "weighs classes, and a regression has none: leave it out", place, KEY)
    if not isinstance(said, dict):
        return block
    weights = [USUAL] * (max(labels.values(), default=1) + 1)
    for label, weight in texts_of_labels(said).items():  # type: ignore[attr-defined]
        number = _find_number(label, said, place, labels, task)
        if number is not None:
            weights += [USUAL] * (number + 1 - len(weights))
            weights[number] = weight
    return {**block, KEY: weights}


def _find_number(label: str, said: Mapping[Any, Any], place: str, labels: Mapping[str, int], task: str) -> int | None:
    """Find the number of a class; of the spellings of a flag that YAML has read those that are no labels are none."""
    if label in labels:
        return labels[label]
    most = 2 if task == "binary" else MOST_CLASSES
    if not labels and label.isdigit() and int(label) < most:
        return int(label)
    if label not in map(str, said):
        same = next((known for known in labels if known.lower() == label), None)
        return None if same is None else labels[same]
    near = difflib.get_close_matches(label, labels, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    there = ", ".join(labels) or (f"0 to {most - 1}" if most > 2 else "0, 1")
    declare = "" if labels else "; labels that are no numbers are declared as the target's classes"
    raise fault_of_leaf(said, f"there is no class {label!r}{hint}; there are {there}{declare}", place, KEY)
