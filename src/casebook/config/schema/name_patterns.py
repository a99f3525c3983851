"""Names that stand for columns of like names: `sensor_*`, `char_[1-9]`."""

from __future__ import annotations

import re

# Any letters or none, and one letter of a range.
WILDCARD = re.compile(r"(\*|\[\w-\w\])")


def is_pattern(name: str) -> bool:
    """Return whether a name has a sign of a pattern; `size [cm]` and `paid?` have none."""
    return WILDCARD.search(name) is not None


def matches(name: str, pattern: str) -> bool:
    """Return whether a name is one that a pattern stands for."""
    texts = [part.replace("*", ".*") if is_pattern(part) else re.escape(part) for part in WILDCARD.split(pattern)]
    return re.fullmatch("".join(texts), name, re.DOTALL) is not None
