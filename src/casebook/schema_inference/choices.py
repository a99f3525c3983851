"""Answers to a question of several choices, as surveys write them: their numbers between commas, `1,3`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

NUMBER = re.compile(r"\s*\d\s*")
LISTED = re.compile(r"\s*\d(?:, ?\d)+\s*")
# Of more different answers digits beside a comma are measured.
MAX_ANSWERS = 60
# Behind a comma these alone are steps of a half.
HALVES = {"0", "5"}


def lists_choices(texts: Collection[str]) -> bool:
    """Return whether texts are numbers of choices, of which one holds several: `3`, `1,2`, `1,2,4`.

    Decimal commas with one digit on both sides look alike; they are told by a digit that is no larger than the one
    before (`1,0`, `4,4`: choices ascend), by steps of a half (`1,5`, `2,5`), or more values than answers have.

    Args:
        texts: distinct values.
    """
    several = [re.sub(r"[ ,]", "", text.strip()) for text in texts if LISTED.fullmatch(text)]
    if not several or len(texts) > MAX_ANSWERS or {digits[-1] for digits in several} <= HALVES:
        return False
    if any(one >= other for digits in several for one, other in pairwise(digits)):
        return False
    return all(LISTED.fullmatch(text) or NUMBER.fullmatch(text) for text in texts)
