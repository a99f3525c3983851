"""Removal of files that a full disk left half-written: datasets of other libraries write in place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

import casebook
from casebook.tracking.disk_space import describe_full_disk, quiet_full_disk

if TYPE_CHECKING:
    from collections.abc import Generator

    from kedro.io import CatalogProtocol


class HalfWrittenHook:
    """Tracks which dataset is being saved; casebook's own are written atomically."""

    saving = ""

    @hook_impl
    def after_context_created(self) -> None:
        """Silence MLflow's traces of a full disk, which the run's end reports."""
        quiet_full_disk()

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Record the dataset being saved."""
        self.saving = dataset_name

    @hook_impl
    def after_dataset_saved(self) -> None:
        """Clear the dataset being saved."""
        self.saving = ""

    @hook_impl(wrapper=True, tryfirst=True)
    def on_pipeline_error(self, error: Exception, catalog: CatalogProtocol[Any, Any]) -> Generator[None, None, None]:
        """Remove the dataset before anything else: that makes room for the run's end in MLflow's store."""
        if self.saving and describe_full_disk(error):
            dataset = catalog.get(self.saving)
            own = any(each.__module__.partition(".")[0] == casebook.__name__ for each in type(dataset).__mro__)
            path = getattr(dataset, "_filepath", "")
            if path and not own:
                _remove(Path(path))
        yield


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
