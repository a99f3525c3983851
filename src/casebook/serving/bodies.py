"""Request bodies, read up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.serving.requests import BadRequestError

if TYPE_CHECKING:
    from starlette.requests import Request

JSON = "application/json"
# How much of a request that is too large is still taken, so that its sender gets to read the answer.
DRAIN_FACTOR = 8


async def read_bounded(request: Request, max_bytes: int) -> bytes:
    """Read a request's body, up to a limit.

    Raises:
        BadRequestError: it is larger than `max_bytes`.
    """
    taken, chunks = 0, []
    async for chunk in request.stream():
        taken += len(chunk)
        if taken <= max_bytes:
            chunks.append(chunk)
        elif taken > DRAIN_FACTOR * max_bytes:
            break
    if taken > max_bytes:
        raise BadRequestError(
            f"the request is larger than {max_bytes:,} bytes: send fewer rows at once", status=413, reason="size"
        )
    return b"".join(chunks)
