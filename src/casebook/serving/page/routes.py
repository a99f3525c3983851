"""The routes of the page; what they need is imported when they are asked for: it would delay the server's start."""

from __future__ import annotations

import io
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from casebook.serving.bodies import JSON, read_bounded

if TYPE_CHECKING:
    from jinja2 import Environment

    from casebook.model_registry.champion import Champion
    from casebook.serving.metrics import ServerMetrics
    from casebook.serving.requests import RequestSchema
    from casebook.serving.served_rows import ServedRows

HTML, CSV, PROMETHEUS = "text/html", "text/csv", "text/plain; version=0.0.4; charset=utf-8"
ASSETS = {
    "page.css": "text/css", "icon.svg": "image/svg+xml",
    **dict.fromkeys(("drawing.js", "elements.js", "page.js"), "text/javascript"),
}  # fmt: skip
# Whatever the data hold, the page runs no script but its own and asks no other machine.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
SUMMARY = "X-Casebook-Summary"


def make_router(
    champion: Champion, schema: RequestSchema, max_bytes: int, metrics: ServerMetrics, served: ServedRows
) -> APIRouter:
    """Make the routes of a champion's page.

    Args:
        champion: answers.
        schema: of a request.
        max_bytes: largest request, or file, in bytes.
        metrics: counts answered rows of files, and what is refused.
        served: samples the answered rows of files.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def page() -> Response:
        return _respond_html("page.html", _describe_page(champion, max_bytes))

    @router.get("/docs")
    def docs() -> Response:
        return _respond_html("docs.html", _describe_interface(champion, max_bytes))

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in ASSETS:
            return Response(status_code=404)
        return Response(_folder().joinpath("static", name).read_bytes(), media_type=ASSETS[name], headers=HEADERS)

    @router.get("/metrics")
    def prometheus() -> Response:
        return Response(metrics.write(), media_type=PROMETHEUS)

    @router.get("/drift")
    def drift() -> Response:
        from casebook.serving.page.facts import describe_drift

        return Response(json.dumps(describe_drift(champion, served)), media_type=JSON)

    @router.post("/answer")
    async def answer(request: Request) -> Response:
        from casebook.serving.page.answers import answer_row

        body = await read_bounded(request, max_bytes)
        return Response(await run_in_threadpool(answer_row, champion, schema, body), media_type=JSON)

    @router.post("/changes")
    async def changes(request: Request) -> Response:
        from casebook.serving.page.answers import find_changes

        body = await read_bounded(request, max_bytes)
        return Response(await run_in_threadpool(find_changes, champion, schema, body), media_type=JSON)

    @router.post("/file")
    async def file(request: Request, name: str = "rows.csv", *, reasons: Annotated[bool, Query()] = False) -> Response:
        body = await read_bounded(request, max_bytes)
        return await run_in_threadpool(_answer_file, champion, body, name, reasons, metrics, served)

    return router


def _answer_file(
    champion: Champion, body: bytes, name: str, with_reasons: bool, metrics: ServerMetrics, served: ServedRows
) -> Response:
    from casebook.serving.page.files import answer_file

    answered = answer_file(champion, body, name, with_reasons)
    if len(answered.answers):
        answers = {str(column): answered.answers[column].to_numpy() for column in answered.answers}
        metrics.observe_rows("/file", answers)
        known = {str(column): answered.raw[column].tolist() for column in answered.raw if column in champion.kinds}
        served.note(known, answers)
    if len(answered.rejected):
        metrics.refuse("row", len(answered.rejected))
    text = io.StringIO()
    answered.table.to_csv(text, index=False)
    # A header holds ASCII alone, which JSON can be written in.
    return Response(text.getvalue(), media_type=CSV, headers={SUMMARY: json.dumps(answered.summarise())})


def _describe_page(champion: Champion, max_bytes: int) -> dict[str, Any]:
    from casebook.serving.page.facts import describe_facts, tabulate_scores
    from casebook.serving.page.fields import describe_fields

    fields = describe_fields(champion)
    return {
        "case": champion.case,
        "task": champion.model.task,
        "fields": fields,
        "left_out": [name for name in champion.kinds if name not in champion.required],
        "classes": list(champion.classes),
        "threshold": champion.model.threshold,
        "takes_files": all(field.input != "image" for field in fields),
        "facts": describe_facts(champion),
        "scores": tabulate_scores(champion),
        "megabytes": max_bytes / (1 << 20),
    }


def _describe_interface(champion: Champion, max_bytes: int) -> dict[str, Any]:
    from casebook.column_types.kinds import COLUMN_TYPES

    columns = [(name, COLUMN_TYPES[kind].expected, name in champion.required) for name, kind in champion.kinds.items()]
    example = {name: value for name, value in champion.example.items() if name in champion.required}
    shown = json.dumps({"dataframe_records": [example]})
    return {
        "case": champion.case,
        "columns": columns,
        "example": shown,
        "has_threshold": champion.model.task == "binary",
        "megabytes": max_bytes / (1 << 20),
    }


def _respond_html(template: str, content: dict[str, Any]) -> Response:
    return Response(_templates().get_template(template).render(content), media_type=HTML, headers=HEADERS)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("casebook.serving.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _folder() -> Any:  # noqa: ANN401 - a Traversable, whose place differs between versions of Python
    return files("casebook.serving.page")
