"""What the server counts of its requests, in Prometheus' form at `/metrics`."""

from __future__ import annotations

from bisect import bisect_left
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import HistogramMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.metrics_core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from casebook.model_registry.champion import Champion

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
PROBABILITIES = np.arange(1, 21) / 20
# Others are counted together: a client may make up as many as it likes.
PATHS = frozenset(
    {"/", "/answer", "/changes", "/docs", "/drift", "/file", "/health", "/invocations", "/metrics", "/ping"}
)
OTHER = "other"


class ServerMetrics:
    """Requests, answered rows, refusals, latency and scores since the start."""

    def __init__(self, champion: Champion) -> None:
        """Begin with zeros."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "casebook_requests", "Requests by path and status.", ["path", "status"], registry=self._registry
        )
        self._rows = Counter("casebook_rows", "Rows that were answered.", ["path"], registry=self._registry)
        self._refusals = Counter(
            "casebook_refusals", "Requests, and rows of files, that were refused.", ["reason"], registry=self._registry
        )
        self._seconds = Histogram(
            "casebook_request_seconds", "From a request's first byte to its answer's last.", ["path"],
            registry=self._registry, buckets=SECONDS,
        )  # fmt: skip
        self.scores = ScoreCollector(champion)
        self._registry.register(self.scores)

    def observe_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        named = path if path in PATHS else OTHER
        self._requests.labels(named, str(status)).inc()
        self._seconds.labels(named).observe(seconds)

    def observe_rows(self, path: str, answers: Mapping[str, np.ndarray]) -> None:
        """Count answered rows and their scores."""
        self._rows.labels(path).inc(len(next(iter(answers.values()))))
        self.scores.observe(answers)

    def refuse(self, reason: str, times: int = 1) -> None:
        """Count what was refused."""
        self._refusals.labels(reason).inc(times)

    def write(self) -> bytes:
        """Write all of it in Prometheus' text form."""
        return generate_latest(self._registry)


class ScoreCollector(Collector):
    """The distribution of the model's answers, counted a batch at once: a histogram's `observe` takes a row.

    It is that of the probability of class 1, of the likeliest class's probability, or of the prediction, whose buckets
    are then the deciles of the training's.
    """

    def __init__(self, champion: Champion) -> None:
        """Begin with zeros."""
        self._champion = champion
        self._buckets: np.ndarray | None = None if champion.model.task == "regression" else PROBABILITIES
        self._waiting: list[np.ndarray] = []
        self._counts = np.zeros(0, dtype=np.int64)
        self._sum, self._lock = 0.0, Lock()

    def observe(self, answers: Mapping[str, np.ndarray]) -> None:
        """Count the scores of answered rows."""
        numbers = [np.asarray(values, dtype=np.float64) for name, values in answers.items() if name != "class"]
        scores = numbers[0] if len(numbers) == 1 else np.max(numbers, axis=0)
        with self._lock:
            self._sum += float(scores.sum())
            if len(scores) == 1:
                self._count_one(float(scores[0]))
            else:
                places = np.searchsorted(self.buckets, scores)
                self._add(np.bincount(places, minlength=len(self.buckets) + 1))

    @property
    def buckets(self) -> np.ndarray:
        """The upper bounds."""
        if self._buckets is None:
            found = self._champion.profile.get("histograms", {}).get("prediction", {})
            self._buckets = np.asarray(found.get("edges", ()), dtype=np.float64)
        return self._buckets

    def collect(self) -> Iterator[Metric]:
        """Yield the distribution, and which model it is of."""
        with self._lock:
            counts, total = self._counted(), self._sum
        names = [*map(repr, self.buckets.tolist()), "+Inf"]
        cumulated = np.cumsum(counts).tolist()
        scores = HistogramMetricFamily("casebook_score", "Scores of answered rows: probability, or prediction.")
        scores.add_metric([], list(zip(names, cumulated, strict=True)), total)
        yield scores
        model = InfoMetricFamily("casebook_model", "The model that answers.")
        model.add_metric([], {"name": self._champion.case, "version": str(self._champion.version)})
        yield model

    def _count_one(self, score: float) -> None:
        self._counts = self._counted()
        self._counts[bisect_left(self.buckets, score)] += 1

    def _add(self, counts: np.ndarray) -> None:
        self._counts = self._counted() + counts

    def _counted(self) -> np.ndarray:
        """Return the counts, zeros before the first row: the buckets of a regression are read when they are needed."""
        return self._counts if len(self._counts) else np.zeros(len(self.buckets) + 1, dtype=np.int64)


class CountRequests:
    """ASGI middleware: counts each request with its status and how long it took."""

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        """Wrap an application."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # What fails without an answer of its own gets 503; see `app.respond_server_error`.
        status, started = 503, perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            self._metrics.observe_request(scope["path"], status, perf_counter() - started)
