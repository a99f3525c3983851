"""A study session: joins Optuna's study and MLflow's run, runs a pool of workers, and logs the results."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from casebook.config.paths import project_root
from casebook.config.schema.tuning import describe_judged
from casebook.tuning.best_variant import write_best
from casebook.tuning.data_graph import open_splits, stamp_base
from casebook.tuning.errors import StudyFailedError
from casebook.tuning.final_evaluation import evaluate_variants
from casebook.tuning.leaderboard import (
    describe_unfinished,
    draw_study,
    find_best,
    measure_search,
    pick_winner,
    quote_last_failure,
    rank_trials,
)
from casebook.tuning.local_trials import LocalTrials
from casebook.tuning.plan import StudyPlan, storage_address
from casebook.tuning.prepared_splits import write_splits_once
from casebook.tuning.progress import StudyProgress, print_winner
from casebook.tuning.study import create_or_join_study
from casebook.tuning.trial_runs import TrialRuns
from casebook.tuning.trial_settings import check_study, define_study
from casebook.tuning.trials import count_failed, count_finished, retry_dead_trials, retry_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import optuna
    import pandas as pd
    from optuna.trial import FrozenTrial

    from casebook.preprocessing.modality import Preprocessor
    from casebook.tuning.execution import TrialExecutor

# Before so many trials have ended, failed ones do not stop a study.
MIN_ENDED_TRIALS = 5


class StudySession:
    """One launch of a study."""

    def __init__(self, plan: StudyPlan, run_id: str, executor: TrialExecutor) -> None:
        """Load the study that `open_session` has created or joined; the executor will run its trials."""
        self.plan, self.run_id = plan.changed(run_id=run_id), run_id
        self._settings, self._executor = plan.study, executor
        self.location = plan.open()
        self.study: optuna.Study = self.location.load()
        self.trial_runs = TrialRuns(run_id, self.plan)
        self._progress = StudyProgress(self._settings.metric, self._count_budget())

    def search(self, splits: list[Any]) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Any], str]:
        """Run trials until the budget is used up; see `stages.tuning.search_variants`.

        Raises:
            StudyFailedError: too many trials failed, or none finished.
        """
        self.plan = self._prepare(splits)
        dead = retry_dead_trials(self.location, self.study, always=True)
        self.trial_runs.close_dead(dead)
        self.trial_runs.close_ended(self.study.get_trials(deepcopy=False))
        earlier = self._count_done()
        self._progress.start(earlier)
        try:
            if earlier:
                self._progress.print_line(
                    f"study {self.plan.name} goes on: {earlier} of {self._count_budget()} trials done"
                )
            for trial in dead:
                self._progress.print_line(f"trial {trial.number}: its process was killed; it is run again")
            if self.count_left() > 0:
                self._run_trials()
        except KeyboardInterrupt:
            self._progress.stop()
            # Workers that had to be killed left their trials open.
            self.trial_runs.close_dead(retry_dead_trials(self.location, self.study, always=True))
            done = f"{self._count_done()} of {self._count_budget()} trials done"
            self._progress.print_line(
                f"interrupted with {done}; go on with `kedro run --pipeline={self.plan.case}_study`"
            )
            raise
        finally:
            self._progress.stop()
        return self._log_results()

    def evaluate(self, winner: Mapping[str, Any]) -> tuple[Any, Preprocessor, float, dict[str, float], pd.DataFrame]:
        """Evaluate winner and default on the test rows; see `stages.tuning.evaluate_winner`."""
        seeds = self._settings.seeds
        trained = f"it and the default are trained from {seeds} seed{'s' * (seeds > 1)} for the test rows ..."
        self.print_line(f"trial {winner['trial']} won; {trained}")
        if told := describe_judged(self.plan.parameters):
            self.print_line(told)
        judged = evaluate_variants(self.plan, open_splits(self.plan), winner)
        print_winner(winner)
        return judged

    def _prepare(self, splits: list[Any]) -> StudyPlan:
        """Write the prepared splits where all workers find them."""
        plan = self.plan.changed(stamps=stamp_base(self.plan))
        store, parameters = open_splits(plan), {plan.case: plan.parameters}
        if plan.study.folds:
            folder = store.find(plan.splits, parameters)
        else:
            folder = write_splits_once(store.folder_of(plan.splits, parameters), lambda: splits)
        return plan.changed(prepared=str(folder))

    def _run_trials(self) -> None:
        """Run trials until the budget is used up."""
        until = time.time() + self._settings.seconds if self._settings.seconds else 0.0
        self.plan = self.plan.changed(until=until)
        self._executor.run(self)

    def print_line(self, text: str) -> None:
        """Print a line above the progress bar."""
        self._progress.print_line(text)

    def report_end(self, trial: int, state: str, metrics: Mapping[str, float], message: str, seconds: float) -> None:
        """Show a trial's end; see `execution.Launch`."""
        self._progress.print_trial(trial, state, metrics, message, seconds)
        self._update_progress()

    def retry_dead(self, how: str) -> list[FrozenTrial]:
        """Fail the trials of dead processes, and retry each once; see `execution.Launch`."""
        dead = retry_dead_trials(self.location, self.study)
        for trial in dead:
            again = "it is run again" if retry_of(trial) is None else "it is not run again"
            self.print_line(f"trial {trial.number}: {how}; {again}")
        if dead:
            self.trial_runs.close_dead(dead)
        return dead

    def check_failures(self) -> None:
        """Raise where more trials failed than `study.max_failed_share` allows."""
        failed, ended = count_failed(self.study)
        if ended >= MIN_ENDED_TRIALS and failed / ended > self._settings.max_failed_share:
            raise StudyFailedError(
                f"{failed} of {ended} trials failed, more than "
                f"study.max_failed_share={self._settings.max_failed_share:g} allows{quote_last_failure(self.study)}"
            )

    def _log_results(self) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Any], str]:
        study = self.location.load()
        winner = pick_winner(study, self.plan)
        if winner is None:
            raise StudyFailedError(describe_unfinished(study))
        winner["run_id"] = self.run_id
        write_best(winner, self.plan)
        self.trial_runs.log_winner(winner, measure_search(study))
        figures, page = draw_study(study, self.plan)
        return winner, rank_trials(study, self.plan), figures, page

    def _update_progress(self) -> None:
        trials = self.study.get_trials(deepcopy=False)
        pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
        best = find_best(self.study)
        self.trial_runs.mark_running()
        self._progress.update(self._count_done(), pruned, (best.number, best.values) if best else None)  # noqa: PD011

    def count_left(self) -> int:
        """Count the trials that the budget leaves."""
        return self._count_budget() - self._count_done()

    def _count_done(self) -> int:
        return count_finished(self.study.get_trials(deepcopy=False))

    def _count_budget(self) -> int:
        """Count the trials of the budget; of a list or grid no more than it has."""
        if self._settings.sampler not in {"manual", "grid"}:
            return self._settings.trials
        listed = [t for t in self.study.get_trials(deepcopy=False) if retry_of(t) is None]
        return min(self._settings.trials, len(listed))


def open_session(
    case: str,
    parameters: dict[str, Any],
    fingerprint: str,
    environment: str,
    open_run: Callable[[str], str],
    executor: TrialExecutor | None = None,
) -> StudySession:
    """Validate a study and create or join it, before any table is read.

    Args:
        case: its name.
        parameters: the case's checked parameters.
        fingerprint: of the raw files.
        environment: Kedro's.
        open_run: opens the study's MLflow run under a name, when it is new.
        executor: runs the trials; processes of this machine where none is given.

    Raises:
        SpaceError: the study is invalid, or another one has the same name.
    """
    name = parameters["study"]["name"] or case
    plan = StudyPlan(
        case=case,
        parameters=parameters,
        name=name,
        storage=storage_address(case, parameters["study"]["storage"]),
        folder=str(project_root() / "data" / "05_model_input" / case / "study"),
        environment=environment,
        fingerprint=fingerprint,
        threads=max(1, (os.cpu_count() or 1) // parameters["study"]["workers"]),
    )
    first = check_study(plan)
    directions = plan.study.direction
    run_id = create_or_join_study(
        plan.open(), list(directions), define_study(plan), first, lambda: open_run(f"study {name}")
    )
    executor = executor or LocalTrials()
    session = StudySession(plan, run_id, executor)
    executor.prepare(session.plan)
    return session
