"""What `/metrics` counts: exactly what was asked and answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.serving.asgi import exchange
from tests.serving.form import make_champion

from casebook.serving.app import create_app
from casebook.serving.metrics import ServerMetrics

if TYPE_CHECKING:
    from fastapi import FastAPI

    from casebook.model_registry.champion import Champion

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def app(champion: Champion) -> FastAPI:
    vars(champion).update(profile={}, example={}, scores={"test": {}, "baseline": {}, "reference": {}})
    return create_app(champion, max_bytes=200_000)


def read_samples(content: bytes) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    }


def scrape(app: FastAPI) -> Samples:
    status, headers, content = exchange(app, "GET", "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return read_samples(content)


def count(samples: Samples, name: str, /, **labels: str) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


def invoke(app: FastAPI, *rows: dict[str, Any]) -> int:
    return exchange(app, "POST", "/invocations", json.dumps({"instances": rows}).encode())[0]


def test_requests_rows_and_refusals_are_counted_exactly(app: FastAPI, row: dict[str, Any]) -> None:
    assert [invoke(app, row), invoke(app, *[row] * 40), invoke(app, {**row, "age": "old"})] == [200, 200, 400]
    assert [invoke(app, {**row, "new": 1}), invoke(app, {**row, "age": 5000})] == [400, 400]
    for body, status in ((b"{", 400), (b" " * 200_001, 413), (b'{"instances": [1], "params": {"x": 1}}', 400)):
        assert exchange(app, "POST", "/invocations", body)[0] == status
    assert exchange(app, "GET", "/somewhere/else")[0] == exchange(app, "GET", "/wp-admin")[0] == 404
    assert exchange(app, "POST", "/answer", json.dumps({"row": row}).encode())[0] == 200
    samples = scrape(app)
    invocations = {
        status: count(samples, "casebook_requests_total", path="/invocations", status=status)
        for status in ("200", "400", "413")
    }
    assert invocations == {"200": 2, "400": 5, "413": 1}
    assert count(samples, "casebook_requests_total", path="other", status="404") == 2
    # What is tried in the form is no traffic.
    assert count(samples, "casebook_rows_total", path="/invocations") == 41
    assert {name for name, _ in samples if "rows_total" in name} == {"casebook_rows_total"}
    reasons = {
        dict(labels)["reason"]: value for (name, labels), value in samples.items() if name == "casebook_refusals_total"
    }
    assert reasons == {"value": 1, "columns": 1, "model": 1, "form": 1, "size": 1, "params": 1}
    assert count(samples, "casebook_request_seconds_count", path="/invocations") == 8
    assert 0 < count(samples, "casebook_request_seconds_sum", path="/invocations") < 60
    assert count(samples, "casebook_model_info", name="redhat", version="7") == 1
    # Counted when it was answered: by the next.
    assert count(samples, "casebook_requests_total", path="/metrics", status="200") == 0
    assert count(scrape(app), "casebook_requests_total", path="/metrics", status="200") == 1


def test_scores_are_spread_over_their_buckets(app: FastAPI, row: dict[str, Any]) -> None:
    for ages in ([0], [2], [2, 2.2, 9.9, 10]):
        invoke(app, *[{**row, "age": age} for age in ages])
    samples = scrape(app)
    buckets = {
        edge: count(samples, "casebook_score_bucket", le=edge)
        for edge in ("0.05", "0.2", "0.25", "0.95", "1.0", "+Inf")
    }
    assert buckets == {"0.05": 1, "0.2": 3, "0.25": 4, "0.95": 4, "1.0": 6, "+Inf": 6}
    assert count(samples, "casebook_score_count") == 6
    assert count(samples, "casebook_score_sum") == pytest.approx(0 + 0.2 + 0.2 + 0.22 + 0.99 + 1)


class ModelOf:
    columns = {"a": "number"}  # noqa: RUF012
    optional: frozenset[str] = frozenset()

    def __init__(self, task: str) -> None:
        self.task = task


def observe(task: str, profile: dict[str, Any], *answers: dict[str, list[Any]]) -> Samples:
    metrics = ServerMetrics(make_champion("x", ModelOf(task), profile))
    for each in answers:
        metrics.observe_rows("/invocations", {name: np.array(values) for name, values in each.items()})
    return read_samples(metrics.write())


def test_of_several_classes_the_likeliest_ones_probability_is_the_score() -> None:
    answer = {"probability_a": [0.9, 0.3], "probability_b": [0.1, 0.7], "class": ["a", "b"]}
    samples = observe("multiclass", {}, answer)
    assert (count(samples, "casebook_score_bucket", le="0.7"), count(samples, "casebook_score_count")) == (1, 2)
    assert count(samples, "casebook_score_sum") == pytest.approx(1.6)


def test_predictions_are_spread_over_the_trainings_deciles() -> None:
    profile = {"histograms": {"prediction": {"edges": [10.0, 20.0, 30.0], "shares": [0.25] * 5}}}
    samples = observe("regression", profile, {"prediction": [5.0, 15.0, 20.0, 99.0]}, {"prediction": [31.0]})
    edges = {dict(labels)["le"]: value for (name, labels), value in samples.items() if name == "casebook_score_bucket"}
    assert edges == {"10.0": 1, "20.0": 3, "30.0": 3, "+Inf": 5}
    assert observe("regression", {}, {"prediction": [5.0]})[("casebook_score_bucket", (("le", "+Inf"),))] == 1
