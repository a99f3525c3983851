"""JSON by orjson where it is installed, which is several times as fast, else by Python's own."""

from __future__ import annotations

import json
from typing import Any

try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]


def read_json(body: bytes) -> Any:  # noqa: ANN401 - whatever the JSON says
    """Parse JSON; return None where it is invalid or null."""
    try:
        return json.loads(body, parse_constant=_refuse) if orjson is None else orjson.loads(body)
    except (ValueError, RecursionError):
        return None


def write_json(content: Any) -> bytes:  # noqa: ANN401 - plain values
    """Write plain values as JSON."""
    if orjson is not None:
        return orjson.dumps(content)
    return json.dumps(content, separators=(",", ":")).encode()


def _refuse(name: str) -> float:
    """Refuse NaN and the infinities, which are no JSON."""
    raise ValueError(f"{name} is no JSON")
