"""What goes to a worker with a trial, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from casebook.tuning.trial_runner import LOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.config.tree import Tree
    from casebook.tuning.plan import StudyPlan

# How a task can end without its trial having begun here.
REFUSED, UNREADABLE = "REFUSED", "UNREADABLE"


@dataclass(frozen=True)
class Beginning:
    """What a worker is told before it has a trial; nothing of it is shown by Dask.

    Attributes:
        plan: the study.
        tracking: variables of the MLflow server: address and credentials.
        versions: that a worker must have.
    """

    plan: StudyPlan = field(repr=False)
    tracking: Mapping[str, str] = field(repr=False)
    versions: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Ticket:
    """What a worker is told of a trial; nothing of it is shown by Dask.

    Attributes:
        launch: id of the launch, by which it stops its trials.
        plan: the study.
        number: the trial's.
        trial_id: its id in the storage.
        owner: what signed the trial before a worker does.
        values: dotted name -> value.
        parameters: the case's, with the values.
        splits: fingerprint of its prepared splits.
        shared: address of the store that holds them.
        tracking: variables of the MLflow server: address and credentials.
        versions: that a worker must have.
    """

    launch: str
    plan: StudyPlan = field(repr=False)
    number: int
    trial_id: int
    owner: Mapping[str, Any] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    parameters: Tree = field(repr=False)
    splits: str
    shared: str = field(repr=False)
    tracking: Mapping[str, str] = field(repr=False)
    versions: Mapping[str, str] = field(repr=False)


@dataclass
class Outcome:
    """How a task ended.

    Attributes:
        number: of the trial.
        state: one of Optuna's, `INTERRUPTED`, `LOST`, or why it has not begun.
        message: the reason, where there is one.
        metrics: of a finished trial.
        seconds: by part: `fetching`, `training`, `storing`, and `whole`.
        worker: the address of the process.
    """

    number: int
    state: str = LOST
    message: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    worker: str = ""
