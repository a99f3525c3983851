"""Names of classes are declared once, whatever YAML makes of them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from casebook.config.schema import CaseParameters


def read(text: str, task: str = "binary") -> dict[str, int]:
    block: dict[str, Any] = {"task": task, "target": "y", "labels": yaml.safe_load(text)}
    return CaseParameters.model_validate(block).labels


def test_numbers_are_names_too() -> None:
    assert read("{1: 0, 2: 1}") == {"1": 0, "2": 1}


def test_words_that_yaml_takes_for_flags_are_names_in_each_of_their_spellings() -> None:
    assert read("{no: 0, yes: 1}") == {"no": 0, "false": 0, "off": 0, "yes": 1, "true": 1, "on": 1}


def test_several_names_may_stand_for_a_class() -> None:
    assert read("{gone: 1, left: 1, here: 0}") == {"gone": 1, "left": 1, "here": 0}
    assert read("{cat: 0, dog: 1, cow: 2}", "multiclass") == {"cat": 0, "dog": 1, "cow": 2}


@pytest.mark.parametrize(
    ("text", "task", "message"),
    [
        ("{good: 1, bad: 2}", "binary", r"labels must name the classes 0 and 1; these name \[1, 2\]"),
        ("{good: 1}", "binary", r"labels must name the classes 0 and 1; these name \[1\]"),
        ("{cat: 0, dog: 2}", "multiclass", r"labels must name the classes 0, 1 \.\.\. up to the last class"),
        ("{low: 0, high: 1}", "regression", "labels name classes, and a regression has none"),
        ("{good: yes, bad: no}", "binary", "labels.good"),
    ],
)
def test_labels_that_name_no_classes_are_refused(text: str, task: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(text, task)
