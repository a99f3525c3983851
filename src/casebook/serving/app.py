"""The HTTP application that serves a champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from casebook.serving.openapi import describe_invocations
from casebook.serving.requests import BadRequestError
from casebook.serving.responses import describe_error, describe_model, make_request_schema, predict_request

if TYPE_CHECKING:
    from casebook.model_registry.champion import Champion

JSON = "application/json"
# A small request is answered at once; a thread of its own costs it more than it keeps the others waiting.
SMALL_BYTES = 1 << 16
# How much of a request that is too large is still taken, so that its sender gets to read the answer.
DRAIN_FACTOR = 8


def create_app(champion: Champion, max_bytes: int) -> FastAPI:
    """Create the application that serves a champion.

    Args:
        champion: the model to predict with.
        max_bytes: largest request in bytes; larger ones get 413.
    """
    schema = make_request_schema(champion)
    app = FastAPI(
        title=f"casebook: {champion.case}",
        version=str(champion.version),
        description="Raw rows in, predictions out. A row that cannot be answered is named with column and reason.",
    )

    @app.post("/invocations", openapi_extra=describe_invocations(champion, schema))
    async def invocations(request: Request) -> Response:
        """Predict raw rows in one of MLflow's JSON forms."""
        body = await read_bounded(request, max_bytes)
        if len(body) < SMALL_BYTES:
            return Response(predict_request(champion, schema, body), media_type=JSON)
        return Response(await run_in_threadpool(predict_request, champion, schema, body), media_type=JSON)

    @app.get("/health")
    @app.get("/ping", include_in_schema=False)
    async def health() -> Response:
        """Return the status of the server and the model that it serves."""
        facts = {"run_id": champion.run_id, "origin": champion.origin, "required": champion.required}
        return Response(orjson.dumps({"status": "ok", "model": describe_model(champion), **facts}), media_type=JSON)

    app.add_exception_handler(BadRequestError, respond_bad_request)
    app.add_exception_handler(Exception, respond_server_error)
    return app


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
        raise BadRequestError(f"the request is larger than {max_bytes:,} bytes: send fewer rows at once", status=413)
    return b"".join(chunks)


async def respond_bad_request(_request: Request, error: Any) -> Response:  # noqa: ANN401 - Starlette hands over any error
    """Return the response to a bad request: 400 or 413."""
    return Response(describe_error(error), status_code=error.status, media_type=JSON)


async def respond_server_error(_request: Request, _error: Exception) -> Response:
    """Return the 503 response to an error of the server; its log has the details."""
    return Response(
        orjson.dumps({"error": "the server cannot answer now", "rows": []}), status_code=503, media_type=JSON
    )
