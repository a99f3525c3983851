"""The HTTP application that serves a champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from casebook.serving.bodies import JSON, read_bounded
from casebook.serving.metrics import CountRequests, ServerMetrics
from casebook.serving.openapi import describe_invocations
from casebook.serving.page.routes import Page
from casebook.serving.requests import BadRequestError
from casebook.serving.responses import describe_error, describe_model, make_request_schema, predict_request
from casebook.serving.served_rows import ServedRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from casebook.model_registry.champion import Champion

INVOCATIONS = "/invocations"
# A small request is answered at once; a thread of its own costs it more than it keeps the others waiting.
SMALL_BYTES = 1 << 16


def create_app(champion: Champion, max_bytes: int) -> FastAPI:
    """Create the application that serves a champion.

    Args:
        champion: the model to predict with.
        max_bytes: largest request in bytes; larger ones get 413.
    """
    schema = make_request_schema(champion)
    metrics, served = ServerMetrics(champion), ServedRows(champion)
    app = FastAPI(
        title=f"casebook: {champion.case}",
        version=str(champion.version),
        description="Raw rows in, predictions out. A row that cannot be answered is named with column and reason.",
        # FastAPI's own pages load their scripts from another machine; `page.routes` has one that does not.
        docs_url=None,
        redoc_url=None,
    )

    def note(columns: Mapping[str, Sequence[Any]], answers: Mapping[str, np.ndarray]) -> None:
        metrics.observe_rows(INVOCATIONS, answers)
        served.note(columns, answers)

    @app.post(INVOCATIONS, openapi_extra=describe_invocations(champion, schema))
    async def invocations(request: Request) -> Response:
        """Predict raw rows in one of MLflow's JSON forms."""
        body = await read_bounded(request, max_bytes)
        if len(body) < SMALL_BYTES:
            return Response(predict_request(champion, schema, body, note), media_type=JSON)
        return Response(await run_in_threadpool(predict_request, champion, schema, body, note), media_type=JSON)

    @app.get("/health")
    @app.get("/ping", include_in_schema=False)
    async def health() -> Response:
        """Return the status of the server and the model that it serves."""
        facts = {"run_id": champion.run_id, "origin": champion.origin, "required": champion.required}
        return Response(orjson.dumps({"status": "ok", "model": describe_model(champion), **facts}), media_type=JSON)

    async def respond_bad_request(_request: Request, error: Any) -> Response:  # noqa: ANN401 - Starlette hands over any
        metrics.refuse(error.reason)
        return Response(describe_error(error), status_code=error.status, media_type=JSON)

    app.include_router(Page(champion, schema, max_bytes, metrics, served).make_router())
    app.add_exception_handler(BadRequestError, respond_bad_request)
    app.add_exception_handler(Exception, respond_server_error)
    app.add_middleware(CountRequests, metrics=metrics)
    return app


async def respond_server_error(_request: Request, _error: Exception) -> Response:
    """Return the 503 response to an error of the server; its log has the details."""
    return Response(
        orjson.dumps({"error": "the server cannot answer now", "rows": []}), status_code=503, media_type=JSON
    )
