"""Only what depends on a changed parameter is made anew; everything else is read from where it lies."""

from __future__ import annotations

from typing import Any

import pytest
from kedro.pipeline import Pipeline, node

from casebook.caching.lineage import DerivedDatasets

BASE: dict[str, Any] = {"toy": {"clean": {"low": 0}, "scale": 2, "other": 1}}


def clean(raw: list[int], low: int) -> list[int]:
    return [value for value in raw if value >= low]


def scale(table: list[int], factor: int) -> list[int]:
    return [value * factor for value in table]


def total(scaled: list[int], other: int) -> int:
    return sum(scaled) + other


GRAPH = Pipeline(
    [
        node(clean, ["toy.raw", "params:toy.clean.low"], "toy.table"),
        node(scale, ["toy.table", "params:toy.scale"], "toy.scaled"),
        node(total, ["toy.scaled", "params:toy.other"], "toy.total"),
    ]
)
FILES: dict[str, Any] = {"toy.raw": [-1, 1, 2], "toy.table": [1, 2], "toy.scaled": [2, 4]}


@pytest.fixture
def read() -> list[str]:
    return []


@pytest.fixture
def datasets(read: list[str]) -> DerivedDatasets:
    def load(name: str) -> Any:  # noqa: ANN401
        read.append(name)
        return FILES[name]

    return DerivedDatasets(GRAPH, BASE, load, FILES.__contains__, "abc")


def changed(**leaves: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"toy": {**BASE["toy"], **leaves}}


@pytest.mark.parametrize(
    ("parameters", "value", "files"),
    [
        (BASE, 7, ["toy.scaled"]),
        (changed(other=5), 11, ["toy.scaled"]),
        (changed(scale=3), 10, ["toy.table"]),
        (changed(clean={"low": 2}), 5, ["toy.raw"]),
    ],
)
def test_nodes_run_from_the_change_on(
    datasets: DerivedDatasets, read: list[str], parameters: dict[str, Any], value: int, files: list[str]
) -> None:
    assert datasets.compute("toy.total", parameters) == value
    assert read == files


def test_a_fingerprint_changes_with_what_a_dataset_depends_on_and_with_nothing_else(datasets: DerivedDatasets) -> None:
    base = datasets.fingerprints(BASE)["toy.scaled"]
    assert datasets.fingerprints(changed(other=5))["toy.scaled"] == base
    assert datasets.fingerprints(changed(scale=3))["toy.scaled"] != base
    assert datasets.fingerprints(changed(clean={"low": 2}))["toy.scaled"] != base
    other_files = DerivedDatasets(GRAPH, BASE, FILES.get, FILES.__contains__, "xyz")
    assert other_files.fingerprints(BASE)["toy.scaled"] != base
