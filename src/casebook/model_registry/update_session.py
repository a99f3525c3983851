"""The update session of a run: versions trained on from the champion are logged, registered and compared with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient

from casebook.model_registry import registry
from casebook.model_registry.champion import PROFILE, PROFILE_TAG, load_champion
from casebook.tracking.console import ProgressBar
from casebook.tracking.curve_writer import CurveWriter
from casebook.tracking.mlflow_client import log_metrics, log_package, set_tags
from casebook.training.callbacks import CurveCallback

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.incremental_training.batch import Candidate
    from casebook.model_registry.champion import Champion
    from casebook.training.callbacks import TrainingCallback

LOGGER = logging.getLogger(__name__)
AGAIN = "it is tried again once there is another champion, or at once where update.file names it"
DIGEST, BATCH, FOLLOWS = "update.digest", "update.batch", "update.of"


class UpdateSession:
    """Access of an update to the registry: it loads the champion and registers versions that may replace it."""

    def __init__(self, case: str, run_id: str) -> None:
        """Store the case and the open run that all is logged to."""
        self._case, self._run_id = case, run_id

    def champion(self) -> Champion:
        """Load the present champion.

        Raises:
            NoChampionError: there is none.
        """
        return load_champion(self._case)

    def known_batches(self) -> dict[str, str]:
        """List the batches that the present champion has learnt from, or that were tried on it in vain.

        Returns:
            By digest why the batch need not be learnt again. One that an earlier champion was tried on, or that only
            a version beside the champion's line has learnt from, is not among them.
        """
        versions = {str(each.version): each for each in MlflowClient().search_model_versions(f"name = '{self._case}'")}
        champion = registry.find_version(self._case)
        line = [str(champion.version)] if champion else []
        while line and (before := versions[line[-1]].tags.get(FOLLOWS)) and before in versions:
            line.append(before)
        known = {}
        for number, version in versions.items():
            digest, tried_on = version.tags.get(DIGEST), version.tags.get(FOLLOWS)
            if digest and number in line:
                known[digest] = f"the champion has learnt from it (version {number})"
            elif digest and line and tried_on == line[0]:
                told = version.tags.get("promotion", "not judged")
                known.setdefault(digest, f"version {number} learnt from it and did not follow ({told}); {AGAIN}")
        return known

    def pass_over(self, name: str, why: str) -> None:
        """Say that a batch is passed over."""
        LOGGER.info("%s: passed over: %s", name, why)

    def tell_unfinished(self, lines: pd.DataFrame) -> None:
        """Keep and say what became of the batches so far, when the run is about to end otherwise than by itself."""
        mlflow.log_text(lines.to_csv(index=False), "updates/updates.csv")
        for line in lines.itertuples():
            LOGGER.warning("before the end, %s: %s", line.batch, line.message)

    def callbacks(self, step: int, epochs: int) -> list[TrainingCallback]:
        """Return the callbacks of a batch's training: a bar, and one curve through all batches."""
        curves = CurveWriter(self._run_id)
        return [CurveCallback(curves, (step - 1) * epochs + 1, curves.close), ProgressBar()]

    def register_and_compare(
        self, candidate: Candidate, rows: pd.DataFrame, settings: Mapping[str, Any]
    ) -> tuple[bool, str]:
        """Log and register a model and compare it with the champion on the promotion rows.

        Returns:
            Whether it is champion now, and the decision in one line.
        """
        batch, follows = candidate.batch, registry.find_version(self._case)
        place = f"updates/{batch.step}/{PROFILE}"
        mlflow.log_dict(dict(candidate.profile), place)
        log_metrics(self._run_id, candidate.metrics, batch.step)
        tags = {DIGEST: batch.digest, BATCH: batch.name, FOLLOWS: str(follows.version) if follows else ""}
        model_id = log_package(candidate.package, self._case, batch.step)
        run = mlflow.get_run(self._run_id)
        version = registry.register_version(self._case, run, settings, model_id, {**tags, PROFILE_TAG: place})
        return registry.promote_if_better(version, rows, settings, self._run_id, batch.step)

    def report(self, step: int, name: str, message: str) -> None:
        """Log the outcome of a batch, and tag the run with it."""
        LOGGER.info("batch %d, %s: %s", step, name, message)
        set_tags(self._run_id, {f"update.{step}": f"{name}: {message}"})
