"""Declared cases that are trained in memory: what the graph makes, by name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from kedro.framework.hooks.manager import _NullPluginManager
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.declared_fixtures import name_blocks

from casebook.cases import declared
from casebook.cases.registry import load_case
from casebook.config.resolve import resolve_case
from casebook.datasets import DeclaredTable
from casebook.datasets.training_session import TrainingSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from kedro.runner import AbstractRunner


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


@contextmanager
def declared_case(folder: Path, name: str, tree: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Declare a case whose raw files lie below a folder -> its resolved parameters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASEBOOK_RAW", str(folder))
        patch.setattr(declared, "_RESOLVED", {})
        declared.keep_resolved({name: dict(tree)})
        parameters = resolve_case(name, tree, {})
        declared.keep_resolved({name: parameters})
        yield parameters


def run_declared(
    folder: Path,
    name: str,
    tree: Mapping[str, Any],
    rows: pd.DataFrame,
    wanted: Sequence[str],
    runner: AbstractRunner | None = None,
) -> dict[str, Any]:
    """Write the rows as `rows.csv` of the case, run its graph in memory and return what was wanted of it."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / name / "rows.csv", index=False)
    with declared_case(
        folder, name, {**tree, "data": {"tables": {"rows": {"file": "rows.csv"}}, **tree["data"]}}
    ) as found:
        catalog = DataCatalog(
            {f"params:{name}.{key}": MemoryDataset(value) for key, value in name_blocks(found)}
            | {f"{name}.{key}": Kept(copy_mode="assign") for key in (*wanted, "network")}
            | {f"{name}.raw_rows": MemoryDataset(DeclaredTable(name, "rows").load())}
            | {
                f"{name}.training_callbacks": MemoryDataset([]),
                f"{name}.training_session": MemoryDataset(
                    TrainingSession("", folder / "search.json"), copy_mode="assign"
                ),
                f"{name}.fold_monitor": MemoryDataset(ListFolds()),
            }
            | {f"{name}.reference_model": MemoryDataset(copy_mode="assign")}
        )
        graph = load_case(name).create_pipeline()
        (runner or SequentialRunner()).run(
            graph.to_outputs(*(f"{name}.{key}" for key in wanted)), catalog, hook_manager=_NullPluginManager()
        )
        return {key: catalog.load(f"{name}.{key}") for key in wanted}


class ListFolds:
    """A monitor of folds that shows nothing."""

    @contextmanager
    def fold(self, name: str, tags: Mapping[str, str]) -> Iterator[list[Any]]:  # noqa: ARG002
        """Open a fold."""
        yield []

    def scores(self, metrics: Mapping[str, float]) -> None:
        """Hear its scores."""
