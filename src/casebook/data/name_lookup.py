"""Names that do not exist, told with the nearest that do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def describe_unknown(kind: str, name: str, known: Collection[str]) -> str:
    """Say that there is no such name, which are near to it, and which there are."""
    near = difflib.get_close_matches(name, known, n=3)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    return f"there is no {kind} {name!r}{hint}; there are {', '.join(map(str, known))}"
