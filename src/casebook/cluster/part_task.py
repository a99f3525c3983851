"""One file of a folder as a task on a worker: fetched, scored by a model that the worker keeps, and sent back."""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from casebook.batch_scoring.answer_files import write_answers
from casebook.batch_scoring.file_scorer import FileScorer, Source
from casebook.cluster.shared_store import SharedStore, SharedStoreError
from casebook.cluster.task_times import FETCHING, STORING, WHOLE
from casebook.cluster.tasks import STOPPED
from casebook.cluster.tickets import REFUSED, UNREADABLE
from casebook.cluster.versions import describe_differences, list_versions
from casebook.cluster.worker_process import local_folder, worker_address
from casebook.compute.freed_memory import keep_freed_memory
from casebook.datasets.scored_parts import PART_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from casebook.batch_scoring.scorer import ScoredRows
    from casebook.datasets.blocks import NewRowsReader
    from casebook.model_registry.champion import Champion

SCORED, FAILED, STOPPED_EARLY = "SCORED", "FAILED", "STOPPED"
SCORING = "scoring"
# A process scores one file at a time, several blocks of it at once.
ONE_PART = threading.Lock()
# What a process keeps: the scorer of one model and its tables.
OPENED: dict[tuple[str, ...], FileScorer] = {}


@dataclass(frozen=True)
class PartTicket:
    """What a worker is told of a file; nothing of it is shown by Dask.

    Attributes:
        launch: id of the launch, by which it stops its tasks.
        source: the file, as the launch has it.
        more: what is kept beside the counts.
        content: fingerprint under which the file was published.
        tables: fingerprint of the tables that its rows are joined with; empty where there are none.
        table_files: of those, file by name.
        reader: reads the file, given where the tables lie.
        model: registered model and version.
        shared: address of the store, and its folder.
        tracking: variables of the MLflow server: address and credentials.
        versions: that a worker must have.
    """

    launch: str
    source: Source = field(repr=False)
    more: Mapping[str, Any] = field(repr=False)
    content: str
    tables: str
    table_files: Mapping[str, str] = field(repr=False)
    reader: NewRowsReader = field(repr=False)
    model: tuple[str, str]
    shared: tuple[str, str] = field(repr=False)
    tracking: Mapping[str, str] = field(repr=False)
    versions: Mapping[str, str] = field(repr=False)


@dataclass
class PartOutcome:
    """How a task ended.

    Attributes:
        state: `SCORED`, `FAILED` for a fault of the file, `STOPPED`, or why it has not begun.
        message: the reason, where there is one.
        answers: fingerprint under which the answers were published.
        seconds: by part: `fetching`, `scoring`, `storing`, and `whole`.
        worker: the address of the process.
    """

    state: str = SCORED
    message: str = ""
    answers: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    worker: str = ""


class LaunchStoppedError(Exception):
    """The launch has asked its tasks to stop."""


def score_part(ticket: PartTicket) -> PartOutcome:
    """Score a file; called on a worker by Dask, again on another one where the first was lost: nothing is kept here."""
    outcome = PartOutcome(worker=worker_address())
    if different := describe_differences(ticket.versions, list_versions()):
        outcome.state, outcome.message = REFUSED, different
        return outcome
    with ONE_PART:
        began, folder = time.perf_counter(), Path(mkdtemp(dir=local_folder("parts")))
        try:
            _carry_out(ticket, folder, outcome)
        except LaunchStoppedError:
            outcome.state = STOPPED_EARLY
        except PART_ERRORS as error:
            # The user knows the file by the place that it was fetched from.
            outcome.state = FAILED
            outcome.message = str(error).replace(str(_path(ticket, folder)), ticket.source.place)
        except (SharedStoreError, ModelError) as error:
            outcome.state, outcome.message = UNREADABLE, str(error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        outcome.seconds[WHOLE] = time.perf_counter() - began
    return outcome


class ModelError(Exception):
    """The model cannot be loaded here."""


def _carry_out(ticket: PartTicket, folder: Path, outcome: PartOutcome) -> None:
    store, clock = SharedStore(*ticket.shared), Clock(outcome.seconds)
    store.fetch_into(ticket.content, folder / "rows")
    scorer = open_scorer(ticket, store)
    clock.count(FETCHING)
    answers = folder / "answers"
    answers.mkdir()
    rows = scorer.score(replace(ticket.source, path=_path(ticket, folder)))
    write_answers(replace(rows, blocks=_until_stopped(rows, ticket.launch)), answers, ticket.more)
    clock.count(SCORING)
    outcome.answers = store.publish(answers)
    clock.count(STORING)


def _path(ticket: PartTicket, folder: Path) -> Path:
    """Return where a file lies once it is fetched; its name says of which kind it is."""
    return folder / "rows" / ticket.source.name


def _until_stopped(rows: ScoredRows, launch: str) -> Iterator[Any]:
    for block in rows.blocks:
        if launch in STOPPED:
            raise LaunchStoppedError
        yield block


class Clock:
    """Seconds by part."""

    def __init__(self, seconds: dict[str, float]) -> None:
        """Begin to count into a mapping."""
        self._seconds, self._since = seconds, time.perf_counter()

    def count(self, part: str) -> None:
        """Count the time since the last call."""
        now = time.perf_counter()
        self._seconds[part], self._since = now - self._since, now


def open_scorer(ticket: PartTicket, store: SharedStore) -> FileScorer:
    """Return the scorer of a model and its tables, fetched once a process.

    Raises:
        SharedStoreError: the tables cannot be fetched.
        ModelError: the model cannot be loaded.
    """
    key = (ticket.tracking["MLFLOW_TRACKING_URI"], *ticket.model, ticket.tables)
    if key not in OPENED:
        places = {}
        if ticket.tables:
            fetched = store.fetch(ticket.tables, local_folder("tables"))
            places = {name: fetched / file for name, file in ticket.table_files.items()}
        keep_freed_memory()
        reader = replace(ticket.reader, places=places)
        OPENED.clear()
        OPENED[key] = FileScorer(reader, load_model(ticket))
    return OPENED[key]


def load_model(ticket: PartTicket) -> Champion:
    """Load the model from the MLflow server, once that answers."""
    import mlflow

    from casebook.model_registry.champion import NoChampionError, load_version
    from casebook.tracking.late_writing import outlast

    os.environ.update(ticket.tracking)
    mlflow.set_tracking_uri(ticket.tracking["MLFLOW_TRACKING_URI"])
    case, number = ticket.model
    version = outlast(lambda: mlflow.MlflowClient().get_model_version(case, number))
    try:
        return load_version(version, folder=local_folder(f"models/{case}-{number}"))
    except NoChampionError as error:
        raise ModelError(str(error)) from error
