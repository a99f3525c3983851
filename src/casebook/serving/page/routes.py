"""The routes of the page; what they need is imported when they are asked for: it would delay the server's start."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
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


@dataclass(frozen=True)
class Page:
    """A champion's page, a method a route.

    Attributes:
        champion: answers.
        schema: of a request.
        max_bytes: largest request, or file, in bytes.
        metrics: counts answered rows of files, and what is refused.
        served: samples the answered rows of files.
    """

    champion: Champion
    schema: RequestSchema
    max_bytes: int
    metrics: ServerMetrics
    served: ServedRows

    def make_router(self) -> APIRouter:
        """Make the routes."""
        router = APIRouter(include_in_schema=False)
        for path, get in (
            ("/", self.show), ("/docs", self.show_interface), ("/drift", self.measure_drift),
            ("/metrics", self.write_metrics), ("/static/{name}", send_asset),
        ):  # fmt: skip
            router.add_api_route(path, get, methods=["GET"])
        for path, post in (("/answer", self.answer), ("/changes", self.find_changes), ("/file", self.answer_file)):
            router.add_api_route(path, post, methods=["POST"])
        return router

    def show(self) -> Response:
        """Show the page."""
        return _respond_html("page.html", _describe_page(self.champion, self.max_bytes))

    def show_interface(self, request: Request) -> Response:
        """Show how the server is asked, without FastAPI's page, whose scripts come from another machine."""
        return _respond_html("docs.html", _describe_interface(self.champion, self.max_bytes, str(request.base_url)))

    def write_metrics(self) -> Response:
        """Write what was counted."""
        return Response(self.metrics.write(), media_type=PROMETHEUS)

    def measure_drift(self) -> Response:
        """Measure the drift of the answered rows; see `facts.describe_drift`."""
        from casebook.serving.page.facts import describe_drift

        return Response(json.dumps(describe_drift(self.champion, self.served)), media_type=JSON)

    async def answer(self, request: Request) -> Response:
        """Answer a row; see `answers.answer_row`."""
        from casebook.serving.page.answers import answer_row

        body = await read_bounded(request, self.max_bytes)
        return Response(await run_in_threadpool(answer_row, self.champion, self.schema, body), media_type=JSON)

    async def find_changes(self, request: Request) -> Response:
        """Find the nearest changes; see `answers.find_changes`."""
        from casebook.serving.page.answers import find_changes

        body = await read_bounded(request, self.max_bytes)
        return Response(await run_in_threadpool(find_changes, self.champion, self.schema, body), media_type=JSON)

    async def answer_file(self, request: Request, name: str = "rows.csv", *, reasons: bool = False) -> Response:
        """Answer a file; see `files.answer_file`."""
        body = await read_bounded(request, self.max_bytes)
        return await run_in_threadpool(self._answer_file, body, name, reasons)

    def _answer_file(self, body: bytes, name: str, with_reasons: bool) -> Response:
        from casebook.serving.page.files import answer_file

        answered = answer_file(self.champion, body, name, with_reasons)
        if len(answered.answers):
            answers = {str(column): answered.answers[column].to_numpy() for column in answered.answers}
            known = [column for column in answered.raw if column in self.champion.kinds]
            self.metrics.observe_rows("/file", answers)
            self.served.note({str(column): answered.raw[column].tolist() for column in known}, answers)
        if len(answered.rejected):
            self.metrics.refuse("row", len(answered.rejected))
        text = io.StringIO()
        answered.table.to_csv(text, index=False)
        # A header holds ASCII alone, which JSON can be written in.
        return Response(text.getvalue(), media_type=CSV, headers={SUMMARY: json.dumps(answered.summarise())})


def send_asset(name: str) -> Response:
    """Send a file of the page's own."""
    if name not in ASSETS:
        return Response(status_code=404)
    content = files("casebook.serving.page").joinpath("static", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers=HEADERS)


def _describe_page(champion: Champion, max_bytes: int) -> dict[str, Any]:
    from casebook.serving.page.facts import describe_facts, describe_target, tabulate_scores
    from casebook.serving.page.fields import describe_fields

    fields = describe_fields(champion)
    return {
        "case": champion.case,
        "task": champion.model.task,
        "target": champion.tags.get("target", ""),
        "predicted": describe_target(champion),
        "fields": fields,
        "left_out": [name for name in champion.kinds if name not in champion.required],
        "classes": list(champion.classes),
        "threshold": champion.model.threshold,
        "takes_files": all(field.input != "image" for field in fields),
        "facts": describe_facts(champion),
        "scores": tabulate_scores(champion),
        "megabytes": max_bytes / (1 << 20),
    }


def _describe_interface(champion: Champion, max_bytes: int, address: str) -> dict[str, Any]:
    from casebook.column_types.kinds import COLUMN_TYPES
    from casebook.serving.page.facts import describe_target

    columns = [(name, COLUMN_TYPES[kind].expected, name in champion.required) for name, kind in champion.kinds.items()]
    example = {name: value for name, value in champion.example.items() if name in champion.required}
    shown = json.dumps({"dataframe_records": [example]})
    return {
        "case": champion.case,
        "predicted": describe_target(champion),
        "address": address,
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
