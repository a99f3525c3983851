"""Shared by all tests: MLflow kept in a temporary folder, real files only where they are named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Read once and unset: only tests marked `real` may see the user's files.
REAL_RAW = os.environ.pop("CASEBOOK_RAW", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here: real files that nobody named, servers that nobody started."""
    unwanted = {"services"} if config.getoption("markexpr") != "services" else set()
    if REAL_RAW is None:
        unwanted.add("real")
    left_out = [item for item in items if unwanted & {mark.name for mark in item.iter_markers()}]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(autouse=True)
def isolated_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put MLflow's store into a temporary folder and end runs that a test left open."""
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    mlflow.set_tracking_uri(address)
    yield
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture(scope="session")
def real_raw() -> Path:
    """The folder that CASEBOOK_RAW named when the tests were started."""
    assert REAL_RAW is not None
    return Path(REAL_RAW).absolute()
