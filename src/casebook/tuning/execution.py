"""How a launch's trials are run: by processes of this machine, or as tasks of a cluster; each is a `TrialExecutor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import optuna
    from optuna.trial import FrozenTrial

    from casebook.tuning.plan import StudyPlan
    from casebook.tuning.study import StudyLocation
    from casebook.tuning.trial_runs import TrialRuns


class Launch(Protocol):
    """A launch of a study, as an executor sees it.

    Attributes:
        plan: the study, with the folder of its prepared splits.
        location: of the study.
        study: loaded.
        trial_runs: the MLflow runs of its trials.
    """

    plan: StudyPlan
    location: StudyLocation
    study: optuna.Study
    trial_runs: TrialRuns

    def count_left(self) -> int:
        """Count the trials that the budget leaves."""

    def report_end(self, trial: int, state: str, metrics: Mapping[str, float], message: str, seconds: float) -> None:
        """Show a trial's end."""

    def retry_dead(self, how: str) -> list[FrozenTrial]:
        """Mark the trials of dead processes as failed, retry each once, and say so.

        Args:
            how: what became of their process, in words.
        """

    def check_failures(self) -> None:
        """Raise where more trials failed than the study allows."""

    def print_line(self, text: str) -> None:
        """Print a line above the progress bar."""


class TrialExecutor(Protocol):
    """A way to run the trials of a launch."""

    def prepare(self, plan: StudyPlan) -> None:
        """Begin with what trials need wherever they run, before the launch reads its tables."""

    def run(self, launch: Launch) -> None:
        """Run trials until the budget is used up, or none is left to take.

        Raises:
            StudyFailedError: they cannot be run, or too many failed.
        """
