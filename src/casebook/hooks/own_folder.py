"""A run's own folder below `data/runs`: chosen before the run is opened, filled, and closed with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from casebook.caching.inheriting import inherit, nodes_made, steady_records
from casebook.caching.lineage import PARAMETERS
from casebook.caching.runner import RUN_FOLDER
from casebook.config.tree import look_up
from casebook.datasets.run_files import RunFiles, replace_parameters
from casebook.hooks.resuming import check_resumable, find_broken_off, what_counts
from casebook.hooks.taking_over import TakenOver, check_stated, find_taken_over
from casebook.run_folders.cleaning import point_latest_to, remove_old_runs
from casebook.run_folders.finding import finished_trainings, list_runs, turn_at_runs
from casebook.run_folders.folder import FAILED, FINISHED, TRAINING, RunFacts, RunFolder
from casebook.tracking.mlflow_client import log_parameters

if TYPE_CHECKING:
    from pathlib import Path

    from kedro.framework.context import KedroContext
    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline
    from mlflow.entities import Run

LOGGER = logging.getLogger(__name__)


class OwnFolder:
    """What a command has to do with the folders of its case's runs."""

    def __init__(
        self, context: KedroContext, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], case: str, job: str
    ) -> None:
        """Find what of the pipeline lies in such a folder; predictions and the like do not.

        Args:
            context: of the command, with resolved parameters.
            pipeline: the nodes that run.
            catalog: which is changed once the run's id is known.
            case: the pipeline's.
            job: what it does; see `RunFacts`.
        """
        self._context, self._pipeline, self._catalog = context, pipeline, catalog
        self._case, self._job = case, job or TRAINING
        self._files = RunFiles(catalog, case, pipeline.datasets())
        self._taken: TakenOver | None = None
        self._folder: RunFolder | None = None
        self._fingerprint: str | None = None
        # What is known of the run that goes on.
        self._before: RunFacts | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The case's parameters, as they hold for this run."""
        found: dict[str, Any] = self._context.params[self._case]
        return found

    def choose(self, fingerprint: str | None) -> Run | None:
        """Choose what is taken over, and the run that goes on, before anything is opened or written.

        Args:
            fingerprint: of the raw files; None where the pipeline reads none.

        Returns:
            The run that goes on; None for a new one.

        Raises:
            UsageError: it cannot be done as the command has it.
        """
        self._fingerprint = fingerprint
        if not self._files:
            return None
        check_stated(self._case, self.parameters["from_run"])
        wanted = self.parameters["resume"]
        resumes = wanted and f"{self._case}.training_callbacks" in self._pipeline.inputs()
        with turn_at_runs(self._case):
            found = find_broken_off(self._case, wanted) if resumes else None
            own = found[0] if found else None
            self._taken = find_taken_over(self._context, self._case, self._pipeline, self._files, own)
            self._adopt_parameters()
            if found is None:
                return None
            run = check_resumable(*found, self.parameters, fingerprint)
            self._before = found[1]
            # From here on no other command goes on with it.
            found[0].begin(self._facts())
            return run

    def _adopt_parameters(self) -> None:
        """Let all that runs have the parameters with which the files were made that it takes over."""
        if self._taken is None:
            return
        self.parameters.update(self._taken.effective(self._case, self.parameters))
        taken = [name for name in self._pipeline.inputs() if name.startswith(PARAMETERS)]
        tree = {self._case: self.parameters}
        replace_parameters(self._catalog, {name: look_up(tree, name.removeprefix(PARAMETERS)) for name in taken})

    def open(self, run_id: str) -> dict[str, str]:
        """Make or take the folder of the run, put in it what is taken over, and let the catalog lead there.

        Returns:
            Tags for the run.
        """
        if not self._files:
            return {}
        folder = self._folder = RunFolder(self._case, run_id)
        with turn_at_runs(self._case):
            folder.begin(self._facts())
            self._unlink_outputs(folder)
            self._take_over(folder)
        self._files.point_to(folder)
        replace_parameters(self._catalog, {RUN_FOLDER: folder.path})
        if self._taken is None:
            return {}
        log_parameters(run_id, self._taken.values)
        return {"from_run": self._taken.source.run_id} if self._taken.source != folder else {}

    def _facts(self) -> RunFacts:
        source = self._taken.source.run_id if self._taken else ""
        source = self._before.from_run if self._before else source
        return RunFacts(self._job, what_counts(self.parameters), self._fingerprint, source)

    def _unlink_outputs(self, folder: RunFolder) -> None:
        """Give a run that goes on files of its own for what it makes: some datasets write into one that is there."""
        for name in self._pipeline.all_outputs():
            place = self._files.place(name, folder) if name in self._files else None
            if place and place.is_file() and place.stat().st_nlink > 1:
                place.unlink()

    def _take_over(self, folder: RunFolder) -> None:
        """Let the files that are taken over lie in the run's own folder, and what it may reuse."""
        with steady_records(run.path for run, _ in list_runs(self._case) if run != folder):
            if self._taken and self._taken.source != folder:
                source = self._taken.source.path
                places = [self._files.place(name, self._taken.source).relative_to(source) for name in self._taken.names]
                inherit(source, folder.path, places)
            if self.parameters["reuse"]:
                for source, nodes in self._reusable(folder).items():
                    inherit(source, folder.path, [place for made in nodes.values() for place in made], nodes)

    def _reusable(self, own: RunFolder) -> dict[Path, dict[str, list[Path]]]:
        """Find what earlier runs made, by their folder and node: the stated run, else for each node the newest."""
        stated = self.parameters["from_run"]
        runs = [RunFolder(self._case, stated)] if stated else [run for run, _ in finished_trainings(self._case)]
        left = {node.name for node in self._pipeline.nodes} - nodes_made(own.path).keys()
        found: dict[Path, dict[str, list[Path]]] = {}
        for run in runs:
            made = nodes_made(run.path) if run != own else {}
            found[run.path] = {name: places for name, places in made.items() if name in left}
            left -= made.keys()
        return found

    def finish(self) -> None:
        """Close the folder of a run that has finished, and remove those that are no longer kept."""
        if self._folder is None:
            return
        keep = self.parameters["keep_runs"]
        with turn_at_runs(self._case):
            # A kill before the checkpoint has gone leaves a finished run; one after it would leave a run that is lost.
            self._folder.end(FINISHED)
            self._folder.checkpoint.unlink(missing_ok=True)
            if self._job == TRAINING:
                point_latest_to(self._folder)
            with steady_records(run.path for run, _ in list_runs(self._case)):
                remove_old_runs(self._case, keep["finished"], keep["resumable_days"])

    def fail(self, resumable: bool) -> None:
        """Say how to go on with what a failed run has made.

        Args:
            resumable: whether its training could; one that diverged would only do so again.
        """
        if self._folder is None:
            return
        if not resumable:
            self._folder.checkpoint.unlink(missing_ok=True)
        self._folder.end(FAILED)
        key, run_id = self._case, self._folder.run_id
        if self._folder.checkpoint.exists():
            LOGGER.warning("go on with this run: --params %s.resume=%s", key, run_id)
        elif self._job == TRAINING and nodes_made(self._folder.path):
            LOGGER.warning("take over what this run has made: --from-nodes=... --params %s.from_run=%s", key, run_id)
