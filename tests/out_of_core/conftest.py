"""Cases whose raw files are prepared twice: whole in memory, and in many small parts by threads of this process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.declared_fixtures import name_blocks

from casebook.cases import declared
from casebook.cases.registry import load_case
from casebook.config.loader import read_case
from casebook.config.resolve import resolve_case
from casebook.datasets import DeclaredTable, declared_parts
from casebook.datasets.declared_parts import DeclaredParts
from casebook.stages import in_parts
from casebook.stages.incremental_training import run_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from casebook.cluster.dask_parts import DaskPartWorkers

WHOLE = (
    "row_schema", "joined_rows", "split_assignment", "preprocessor", "train_arrays", "validation_arrays", "test_arrays",
    "test_keys", "split_metrics", "target_metrics",
)  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """What is made of a case's raw files, by the names of its datasets."""

    whole: dict[str, Any]
    parts: dict[str, Any]


@dataclass(frozen=True)
class Workshop:
    """Opens the test's workers, with a place for shards."""

    workers: DaskPartWorkers
    folder: Path

    def open(self, _parts: object) -> AbstractContextManager[tuple[Any, Any]]:
        from contextlib import nullcontext

        from casebook.out_of_core.encoding import ShardFolder

        return nullcontext((self.workers, ShardFolder(self.folder)))


@pytest.fixture(scope="session")
def workers() -> Iterator[DaskPartWorkers]:
    """Workers as threads of this process."""
    from distributed import Client, LocalCluster

    from casebook.cluster.dask_parts import DaskPartWorkers

    with (
        LocalCluster(
            processes=False,
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=":0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield DaskPartWorkers(client, 1 << 30)


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Return what makes a case's parameters those of this process, its raw files being in a folder."""

    def resolve_parameters(
        case: str, raw: Path, given: dict[str, Any], stated: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        monkeypatch.setenv("CASEBOOK_RAW", str(raw))
        monkeypatch.setattr(declared, "_RESOLVED", {case: stated} if stated else {})
        tree = resolve_case(case, stated or read_case(case), given)
        declared.keep_resolved({case: tree})
        return tree

    return resolve_parameters


@pytest.fixture
def prepare_both(
    workers: DaskPartWorkers, resolve: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Prepared]:
    """Return what prepares a case's raw files both ways."""

    def prepare(
        case: str,
        raw: Path,
        given: dict[str, Any],
        part_bytes: int = 60_000,
        broadcast_bytes: int = 1 << 30,
        declared: dict[str, Any] | None = None,
    ) -> Prepared:
        monkeypatch.setattr(declared_parts, "PART_BYTES", part_bytes)
        tree = resolve(case, raw, given, declared)
        settings = {name: tree[name] for name in in_parts.SETTINGS}
        parts = DeclaredParts(case, str(tmp_path / "unpacked")).load()
        shop = Workshop(replace(workers, broadcast_bytes=broadcast_bytes), tmp_path / "shards")
        made = in_parts.prepare_parts(parts, shop, settings, case=case)  # type: ignore[arg-type]
        return Prepared(prepare_whole(case, tree), dict(zip(in_parts.MADE, made, strict=True)))

    return prepare


def prepare_whole(case: str, tree: dict[str, Any]) -> dict[str, Any]:
    """Prepare a case's raw files by the nodes that take whole tables."""
    graph = load_case(case).create_pipeline().to_outputs(*(f"{case}.{name}" for name in WHOLE))
    values = {f"params:{case}.{name}": value for name, value in name_blocks(tree)}
    values |= {f"{case}.raw_{table}": DeclaredTable(case, table).load() for table in tree["data"]["tables"]}
    made = run_nodes(graph, values)
    return {name: made[f"{case}.{name}"] for name in WHOLE}
