"""Catalog dataset of what a training does besides its first network: a search before it, further networks after it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.background.process import SUBMITTED
from casebook.config.schema import read_reference
from casebook.config.tree import overlay, unflatten
from casebook.datasets.tracked import RunDataset, current_run_id
from casebook.runtime.atomic_files import atomic_write
from casebook.tracking.console import ConsoleNetworks
from casebook.tracking.mlflow_client import child_run, log_metrics, set_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.training.cross_validation import Split

SEARCHED = "search.best"
REFERENCE_MODEL = "reference_model"


class TrainingSession(ConsoleNetworks):
    """The trainings within a run, each in a child run of its own."""

    def __init__(self, run_id: str, file: Path) -> None:
        """Store the run's id, and the file that keeps what its search found, so that a resumed run trains the same."""
        super().__init__(lambda name, tags: child_run(run_id, name, tags), log_metrics)
        self._parent, self._file = run_id, file

    def search(self, split: Split, training: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
        """Search the training's settings once a run; see `short_search.search_training`.

        Returns:
            The `training` block with those found.
        """
        if not self._file.exists():
            from casebook.tuning.short_search import search_training

            leaves, measured = search_training(split, training, study, self)
            with atomic_write(self._file) as file:
                file.write_text(json.dumps(leaves))
            log_metrics(self._parent, measured)
            told = ", ".join(f"{name}={value}" for name, value in leaves.items())
            set_tags(self._parent, {SEARCHED: told or "the settings as they were"})
        return overlay(training, unflatten(json.loads(self._file.read_text())))

    def fit_reference(self, split: Split, reference: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of its kind
        """Fit the reference, or take the fit of the node that makes the run's `reference_model`.

        Args:
            split: prepared training and validation rows and their preprocessor, as that node takes them.
            reference: the `reference` block, as it takes it.
        """
        submitted = SUBMITTED.get(REFERENCE_MODEL)
        if submitted is None:
            from casebook.baselines.gradient_boosting import fit_reference

            return fit_reference(*split, read_reference(dict(reference)))
        _, outputs, error, _ = submitted.take()
        if error is not None:
            raise error
        return pickle.loads(outputs[0])  # noqa: S301 - from our own process


class TrainingSessionDataset(RunDataset):
    """Read-only: the training session of the run."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the path of the file that keeps what a search found."""
        super().__init__(metadata)
        self.file = Path(filepath)

    def load(self) -> TrainingSession:
        """Return a session bound to this run."""
        return TrainingSession(current_run_id(), self.file)
