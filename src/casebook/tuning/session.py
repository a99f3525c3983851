"""A study session: joins Optuna's study and MLflow's run, runs a pool of workers, and logs the results."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from casebook.config.paths import project_root
from casebook.config.tree import flatten
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
from casebook.tuning.plan import StudyPlan, apply_trial_values, storage_address
from casebook.tuning.prepared_splits import write_splits_once
from casebook.tuning.progress import StudyProgress, print_winner
from casebook.tuning.study import create_or_join_study
from casebook.tuning.trial_runs import TrialRuns
from casebook.tuning.trial_settings import check_study, define_study
from casebook.tuning.trials import RETRY_OF, count_failed, count_trials, retry_dead_trials
from casebook.tuning.worker_pool import WorkerHandle, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import optuna
    import pandas as pd

    from casebook.preprocessing.modality import Preprocessor

# Before so many trials have ended, failed ones do not stop a study.
MIN_ENDED_TRIALS = 5
# Blocks whose leaves a trial's run shows; what varies elsewhere is shown too.
LOGGED_BLOCKS = ("split", "duplicates", "leaks", "preprocessing", "training")


class StudySession:
    """One launch of a study."""

    def __init__(self, plan: StudyPlan, run_id: str) -> None:
        """Load the study that `open_session` has created or joined."""
        self.plan, self.run_id = plan.changed(run_id=run_id), run_id
        self._settings = plan.study
        self._location = plan.open()
        self._study: optuna.Study = self._location.load()
        self._trial_runs = TrialRuns(run_id, plan.name, plan.storage)
        self._progress = StudyProgress(self._settings.metric, self._count_budget())

    def search(self, splits: list[Any]) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Any], str]:
        """Run trials until the budget is used up; see `stages.tuning.search_variants`.

        Raises:
            StudyFailedError: too many trials failed, or none finished.
        """
        self.plan = self._prepare(splits)
        dead = retry_dead_trials(self._location, self._study)
        self._trial_runs.close_dead(dead)
        self._trial_runs.close_ended(self._study.get_trials(deepcopy=False))
        self._progress.start(self._count_done())
        try:
            for trial in dead:
                self._progress.print_line(f"trial {trial.number}: its process was killed; it is run again")
            if self._count_done() < self._count_budget():
                self._run_workers()
        except KeyboardInterrupt:
            self._progress.stop()
            # Workers that had to be killed left their trials open.
            self._trial_runs.close_dead(retry_dead_trials(self._location, self._study))
            done = f"{self._count_done()} of {self._count_budget()} trials done"
            self._progress.print_line(
                f"interrupted with {done}; go on with `kedro run --pipeline={self.plan.case}_study`"
            )
            raise
        finally:
            self._progress.stop()
        return self._log_results()

    def evaluate(self, winner: Mapping[str, Any]) -> tuple[Any, Preprocessor, float, dict[str, float]]:
        """Evaluate winner and default on the test rows; see `stages.tuning.evaluate_winner`."""
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

    def _run_workers(self) -> None:
        """Run a pool of workers until the budget is used up."""
        with TemporaryDirectory() as folder:
            until = time.time() + self._settings.seconds if self._settings.seconds else 0.0
            file = self.plan.changed(until=until).write(Path(folder) / "plan.json")
            size = min(self._settings.workers, self._count_budget() - self._count_done())
            pool = WorkerPool(file, size, self.plan.threads, self._log_message)
            pool.run(self._retry_lost_trial, self._check_failures)

    def _log_message(self, worker: WorkerHandle, message: dict[str, Any]) -> None:
        """Log a worker's message to MLflow and the console."""
        trial = message["trial"]
        if message["event"] == "start":
            worker.send_line(
                self._trial_runs.start(trial, self._logged_parameters(message["values"]), message["retry_of"])
            )
        elif message["event"] == "epoch":
            self._trial_runs.log_epoch(trial, message["number"], message["metrics"])
        else:
            state, metrics, text = message["state"], message["metrics"], message["message"]
            self._trial_runs.end(trial, state, text, metrics, self.plan.parameters["training"]["epochs"])
            self._progress.print_trial(trial, state, metrics, text, message["seconds"])
            self._update_progress()

    def _retry_lost_trial(self, worker: WorkerHandle, code: int) -> None:
        """Fail the trial of a worker that died, and retry it once."""
        for trial in retry_dead_trials(self._location, self._study):
            again = "it is not run again" if RETRY_OF in trial.user_attrs else "it is run again"
            self._progress.print_line(f"trial {trial.number}: its process ended with {code}; {again}")
            self._trial_runs.close_dead([trial])
        if worker.trial is None:
            raise StudyFailedError(f"a worker ended with {code} before it began a trial; see its message above")

    def _check_failures(self) -> None:
        """Raise where more trials failed than `study.max_failed_share` allows."""
        failed, ended = count_failed(self._study)
        if ended >= MIN_ENDED_TRIALS and failed / ended > self._settings.max_failed_share:
            raise StudyFailedError(
                f"{failed} of {ended} trials failed, more than "
                f"study.max_failed_share={self._settings.max_failed_share:g} allows{quote_last_failure(self._study)}"
            )

    def _log_results(self) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Any], str]:
        study = self._location.load()
        winner = pick_winner(study, self.plan)
        if winner is None:
            raise StudyFailedError(describe_unfinished(study))
        winner["run_id"] = self.run_id
        write_best(winner, self.plan)
        self._trial_runs.log_winner(winner, measure_search(study))
        figures, page = draw_study(study, self.plan)
        return winner, rank_trials(study, self.plan), figures, page

    def _logged_parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Select the parameters to log for a trial, under the names that a training run logs."""
        tree = apply_trial_values(self.plan.parameters, values)
        blocks = {f"{self.plan.case}.{name}": tree[name] for name in LOGGED_BLOCKS}
        return {**flatten(blocks), **values}

    def _update_progress(self) -> None:
        trials = self._study.get_trials(deepcopy=False)
        pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
        best = find_best(self._study)
        self._trial_runs.mark_running()
        self._progress.update(self._count_done(), pruned, (best.number, best.values) if best else None)  # noqa: PD011

    def _count_done(self) -> int:
        ended = [t for t in self._study.get_trials(deepcopy=False) if t.state.is_finished()]
        return count_trials(ended)

    def _count_budget(self) -> int:
        """Count the trials of the budget; of a list or grid no more than it has."""
        if self._settings.sampler not in {"manual", "grid"}:
            return self._settings.trials
        listed = [t for t in self._study.get_trials(deepcopy=False) if RETRY_OF not in t.user_attrs]
        return min(self._settings.trials, len(listed))


def open_session(
    case: str,
    parameters: dict[str, Any],
    fingerprint: str,
    environment: str,
    open_run: Callable[[str], str],
) -> StudySession:
    """Validate a study and create or join it, before any table is read.

    Args:
        case: its name.
        parameters: the case's checked parameters.
        fingerprint: of the raw files.
        environment: Kedro's.
        open_run: opens the study's MLflow run under a name, when it is new.

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
    return StudySession(plan, run_id)
