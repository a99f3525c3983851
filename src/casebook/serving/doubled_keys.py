"""Keys that stand twice in an object of a request: a parser takes the last one, and the sender may mean the first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class _DoubledKeyError(Exception):
    """The key is its message."""


def find_doubled_key(body: bytes, content: Mapping[str, Any]) -> str:
    """Find a key that an object of a request has twice; nothing where none has.

    Reading it once more, slowly, is worth it only where more keys stand there than were read.

    Args:
        body: valid JSON.
        content: what was read of it: rows or columns by form, and `params`.
    """
    read = len(content) + sum(map(_count_keys, content.values()))
    if body.count(b'":') + body.count(b'" :') <= read:
        return ""
    try:
        json.loads(body, object_pairs_hook=_refuse)
    except _DoubledKeyError as error:
        return str(error)
    return ""


def _count_keys(value: Any) -> int:  # noqa: ANN401 - anything that JSON can hold
    if isinstance(value, dict):
        return len(value)
    return sum(map(len, value)) if isinstance(value, list) and all(isinstance(row, dict) for row in value) else 0


def _refuse(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise _DoubledKeyError(next(name for place, name in enumerate(names) if name in names[:place]))
