"""The HTTP interface of a champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from casebook.serving.answers import answer_request, describe_error, describe_model, read_request_schema
from casebook.serving.openapi import describe_invocations
from casebook.serving.requests import BadRequestError

if TYPE_CHECKING:
    from casebook.model_registry.champion import Champion

JSON = "application/json"
# A small request is answered at once; a thread of its own costs it more than it keeps the others waiting.
SMALL = 1 << 16
# How much of a request that is too large is still taken, so that its sender gets to read the answer.
WAIT_SECONDS = 8


def create_app(champion: Champion, most_bytes: int) -> FastAPI:
    """Make the app that answers with a champion.

    Args:
        champion: answers.
        most_bytes: of a request; larger ones get 413.
    """
    asked = read_request_schema(champion)
    app = FastAPI(
        title=f"casebook: {champion.case}",
        version=str(champion.version),
        description="Raw rows in, predictions out. A row that cannot be answered is named with column and reason.",
    )

    @app.post("/invocations", openapi_extra=describe_invocations(champion, asked))
    async def invocations(request: Request) -> Response:
        """Answer raw rows in one of MLflow's JSON forms."""
        body = await read_bounded(request, most_bytes)
        if len(body) < SMALL:
            return Response(answer_request(champion, asked, body), media_type=JSON)
        return Response(await run_in_threadpool(answer_request, champion, asked, body), media_type=JSON)

    @app.get("/health")
    @app.get("/ping", include_in_schema=False)
    async def health() -> Response:
        """Tell that the server answers, and with which model."""
        facts = {"run_id": champion.run_id, "origin": champion.origin, "required": champion.required}
        return Response(orjson.dumps({"status": "ok", "model": describe_model(champion), **facts}), media_type=JSON)

    app.add_exception_handler(BadRequestError, refuse)
    app.add_exception_handler(Exception, apologise)
    return app


async def read_bounded(request: Request, most_bytes: int) -> bytes:
    """Read a request's body.

    Raises:
        BadRequestError: it is larger than `most_bytes`.
    """
    taken, chunks = 0, []
    async for chunk in request.stream():
        taken += len(chunk)
        if taken <= most_bytes:
            chunks.append(chunk)
        elif taken > WAIT_SECONDS * most_bytes:
            break
    if taken > most_bytes:
        raise BadRequestError(f"the request is larger than {most_bytes:,} bytes: send fewer rows at once", status=413)
    return b"".join(chunks)


async def refuse(_request: Request, error: Any) -> Response:  # noqa: ANN401 - Starlette hands over any error
    """Answer a bad request."""
    return Response(describe_error(error), status_code=error.status, media_type=JSON)


async def apologise(_request: Request, _error: Exception) -> Response:
    """Answer when the server itself failed; its log has the details."""
    return Response(
        orjson.dumps({"error": "the server cannot answer now", "rows": []}), status_code=503, media_type=JSON
    )
