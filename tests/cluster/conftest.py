"""A whole cluster of real processes, shared by all tests that need servers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from casebook.cluster.addresses import ClusterAddresses
from casebook.cluster.local import LocalCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="session")
def local_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """PostgreSQL, an MLflow server, a scheduler and two workers, as `make cluster` starts them."""
    cluster = LocalCluster(tmp_path_factory.mktemp("cluster") / "data")
    with pytest.MonkeyPatch.context() as patch:
        # Workers import trials that wait.
        patch.setenv("PYTHONPATH", str(BENCHMARKS))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        cluster.up(2, lambda _: None)
        yield cluster
        cluster.down(lambda _: None)


@pytest.fixture
def addresses(local_cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> ClusterAddresses:
    """Set the cluster's variables for a test, as a user exports them."""
    for line in local_cluster.variables_file.read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS))
    return ClusterAddresses.of(os.environ)
