"""The files of a folder scored as tasks of Dask: published by the launch, scored by whichever worker is free."""

from __future__ import annotations

import hashlib
import logging
import socket
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from casebook.cluster.dask_client import introduce, open_client, reporting
from casebook.cluster.drawing import tracking_variables
from casebook.cluster.part_task import FAILED, SCORED, SCORING, PartTicket, score_part
from casebook.cluster.shared_store import SCORING as STORE_FOLDER
from casebook.cluster.shared_store import SharedStore, SharedStoreError
from casebook.cluster.task_times import TaskTimes
from casebook.cluster.tasks import Tasks
from casebook.cluster.versions import list_versions
from casebook.cluster.workers import Workers
from casebook.runtime.signals import deferred_signals
from casebook.tuning.errors import StudyFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from casebook.batch_scoring.file_scorer import Source
    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.part_task import PartOutcome
    from casebook.datasets.scored_parts import PartAnswers

LOGGER = logging.getLogger(__name__)
REPORT, ARTIFACTS = "performance_report.html", "prediction"
# Files a worker has at a time: one is scored, the next one is there when it has ended.
FILES_A_WORKER = 2


@dataclass
class DaskParts:
    """Scores the files of a folder as tasks of a Dask cluster; see `scored_parts.PartExecutor`.

    Attributes:
        addresses: of the cluster.
        task: what a worker does with a ticket.
    """

    addresses: ClusterAddresses
    task: Callable[[PartTicket], PartOutcome] = score_part

    def run(self, answers: PartAnswers) -> None:
        """Score what is missing.

        Raises:
            StudyFailedError: the scheduler is gone, no worker has the right versions, or none can score.
            SharedStoreError: the store is full, or refuses.
        """
        with ExitStack() as stack:
            client = stack.enter_context(open_client(self.addresses.scheduler))
            workers = Workers(client, list_versions(), LOGGER.info)
            line, tags = introduce(client, workers, "files")
            LOGGER.info(line)
            _log(tags, None)
            report = stack.enter_context(reporting(REPORT))
            launch = PartsLaunch(answers, Tasks(client, workers, self.addresses.scheduler, self.task), workers,
                                 self.addresses)  # fmt: skip
            try:
                launch.run()
            finally:
                LOGGER.info("cluster: %s", launch.times.summary())
                _log(launch.times.describe(), None)
            _log({}, report())


def _log(tags: Mapping[str, str], page: Path | None) -> None:
    """Log tags and a page to the open run, where there is one."""
    import mlflow

    from casebook.tracking.late_writing import outlast
    from casebook.tracking.mlflow_client import set_tags

    run = mlflow.active_run()
    if run is not None:
        outlast(lambda: set_tags(run.info.run_id, dict(tags)))
        if page is not None:
            outlast(lambda: mlflow.log_artifact(str(page), ARTIFACTS))


class PartsLaunch:
    """The files of one launch that workers have."""

    def __init__(self, answers: PartAnswers, tasks: Tasks, workers: Workers, addresses: ClusterAddresses) -> None:
        """Store what keeps the answers, and the cluster."""
        self._answers, self._tasks, self._workers, self._addresses = answers, tasks, workers, addresses
        self._id = uuid.uuid4().hex[:12]
        # The folder of answers has one launch at a time: what one that was killed has left there goes with the next.
        owner = hashlib.sha256(f"{socket.gethostname()} {answers.folder}".encode()).hexdigest()[:16]
        self._shared = (addresses.shared, f"{STORE_FOLDER}/{owner}")
        self._store = SharedStore(*self._shared)
        self._tables: tuple[str, dict[str, str]] = ("", {})
        self.times = TaskTimes("files", SCORING)

    def run(self) -> None:
        """Hand out files until none is missing."""
        self.times.offer(self._workers.slots)
        missing = self._answers.missing()
        try:
            with deferred_signals() as raise_if_interrupted:
                while self._hand_out(missing):
                    for ticket, outcome in self._tasks.take_ended():
                        self._land(ticket, outcome)
                    raise_if_interrupted()
                    if self._tasks.look():
                        self.times.offer(self._workers.slots)
        finally:
            self._tasks.stop(self._id)
            self._tidy()

    def _hand_out(self, missing: Any) -> bool:  # noqa: ANN401 - an iterator of sources
        """Publish and submit files for workers that have too few; return whether any is on its way."""
        source = None
        while len(self._tasks) < FILES_A_WORKER * self._workers.slots and (source := next(missing, None)):
            self._tasks.submit(f"file {source.name}", self._write_ticket(source))
        return bool(len(self._tasks)) or source is not None or not self._workers.slots

    def _write_ticket(self, source: Source) -> PartTicket:
        scorer = self._answers.scorer
        if not self._tables[0]:
            self._tables = self._publish_tables()
        return PartTicket(
            launch=self._id,
            source=source,
            more=self._answers.more_of(source),
            content=self._store.publish_files(list_files(source.name, source.path)),
            tables=self._tables[0],
            table_files=self._tables[1],
            # A new one has none of the tables that this one has read.
            reader=replace(scorer.reader, places={}),
            model=(scorer.model.case, scorer.model.version),
            shared=self._shared,
            tracking=tracking_variables(self._addresses.tracking),
            versions=list_versions(),
        )

    def _publish_tables(self) -> tuple[str, dict[str, str]]:
        """Publish the tables that rows are joined with -> fingerprint, and file by name."""
        tables = self._answers.scorer.reader.tables()
        # Two may have the same name in different folders.
        named = {name: f"{number}/{place.name}" for number, (name, place) in enumerate(tables.items())}
        files: dict[str, Path] = {}
        for name, place in tables.items():
            files |= list_files(named[name], place)
        return (self._store.publish_files(files) if files else "", named)

    def _tidy(self, fingerprint: str = "") -> None:
        """Remove something from the shared store, or all that this launch has put there."""
        try:
            self._store.remove(fingerprint)
        except SharedStoreError as error:
            LOGGER.warning("%s", error)

    def _land(self, ticket: PartTicket, outcome: PartOutcome) -> None:
        """Keep the answers of a file.

        Raises:
            StudyFailedError: a worker cannot reach the shared store, or cannot load the model.
        """
        source = ticket.source
        self.times.add(outcome.seconds)
        if outcome.state == SCORED:
            self._answers.write(source, lambda folder: self._store.fetch_into(outcome.answers, folder))
            self._tidy(outcome.answers)
        elif outcome.state == FAILED:
            self._answers.fail(source.name, outcome.message)
        else:
            raise StudyFailedError(f"worker {outcome.worker}: {outcome.message}")
        self._tidy(ticket.content)


def list_files(name: str, path: Path) -> dict[str, Path]:
    """List a file, or the files of a folder, by the names that they are published under."""
    if not path.is_dir():
        return {name: path}
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    return {f"{name}/{file.relative_to(path).as_posix()}": file for file in files}
