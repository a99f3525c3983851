"""A launch of a study: joins Optuna's study and MLflow's run, lets a crew work, and sums up what was found."""

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
from casebook.tuning.final_evaluation import evaluate_variants
from casebook.tuning.leaderboard import draw_study, find_best, measure_search, pick_winner, rank_trials
from casebook.tuning.plan import StudyPlan, apply_trial_values, storage_of
from casebook.tuning.prepared_splits import keep_splits
from casebook.tuning.progress import StudyProgress, print_winner
from casebook.tuning.study import create_or_join_study
from casebook.tuning.trial_runs import TrialRuns
from casebook.tuning.trial_settings import check_searched, describe_study
from casebook.tuning.trials import RETRY_OF, count_trials, retry_dead_trials, share_failed
from casebook.tuning.worker_pool import WorkerHandle, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import optuna
    import pandas as pd

    from casebook.preprocessing.modality import Preprocessor

# Before so many trials have ended, failed ones do not stop a study.
LEAST_ENDED = 5
# Blocks whose leaves a trial's run shows; what varies elsewhere is shown too.
SHOWN_BLOCKS = ("split", "duplicates", "leaks", "preprocessing", "training")


class StudyFailedError(RuntimeError):
    """Too many trials failed, or none finished."""


class StudySession:
    """One launch."""

    def __init__(self, plan: StudyPlan, run_id: str) -> None:
        """Open the study that `begin` has created or joined."""
        self.plan, self.run_id = plan.changed(run_id=run_id), run_id
        self._settings = plan.study
        self._place = plan.open()
        self._study: optuna.Study = self._place.load()
        self._recorder = TrialRuns(run_id, plan.name, plan.storage)
        self._display = StudyProgress(self._settings.metric, self._total())

    def search(self, splits: list[Any]) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Any], str]:
        """Search until the budget is used up; see `stages.tuning.search_variants`.

        Raises:
            StudyFailedError: too many trials failed, or none finished.
        """
        self.plan = self._prepare(splits)
        dead = retry_dead_trials(self._place, self._study)
        self._recorder.close_dead(dead)
        self._recorder.close_ended(self._study.get_trials(deepcopy=False))
        self._display.start(self._done())
        try:
            for trial in dead:
                self._display.say(f"trial {trial.number}: its process was killed; it is run again")
            if self._done() < self._total():
                self._work()
        except KeyboardInterrupt:
            self._display.stop()
            # Workers that had to be killed left their trials open.
            self._recorder.close_dead(retry_dead_trials(self._place, self._study))
            done = f"{self._done()} of {self._total()} trials done"
            self._display.say(f"interrupted with {done}; go on with `kedro run --pipeline={self.plan.case}_study`")
            raise
        finally:
            self._display.stop()
        return self._sum_up()

    def judge(self, winner: Mapping[str, Any]) -> tuple[Any, Preprocessor, dict[str, float]]:
        """Judge winner and default on the test rows; see `stages.tuning.evaluate_winner`."""
        judged = evaluate_variants(self.plan, open_splits(self.plan), winner)
        print_winner(winner)
        return judged

    def _prepare(self, splits: list[Any]) -> StudyPlan:
        """Put the base's rows where all workers find them."""
        plan = self.plan.changed(stamps=stamp_base(self.plan))
        store, parameters = open_splits(plan), {plan.case: plan.parameters}
        if plan.study.folds:
            folder = store.find(plan.splits, parameters)
        else:
            folder = keep_splits(store.folder_of(plan.splits, parameters), lambda: splits)
        return plan.changed(prepared=str(folder))

    def _work(self) -> None:
        """Let a crew work off the budget."""
        with TemporaryDirectory() as folder:
            until = time.time() + self._settings.seconds if self._settings.seconds else 0.0
            file = self.plan.changed(until=until).write(Path(folder) / "plan.json")
            size = min(self._settings.workers, self._total() - self._done())
            crew = WorkerPool(file, size, self.plan.threads, self._hear)
            crew.work(self._lose, self._check)

    def _hear(self, hand: WorkerHandle, message: dict[str, Any]) -> None:
        """Write down what a worker says."""
        trial = message["trial"]
        if message["event"] == "start":
            hand.answer(self._recorder.start(trial, self._shown(message["values"]), message["retry_of"]))
        elif message["event"] == "epoch":
            self._recorder.epoch(trial, message["number"], message["metrics"])
        else:
            state, metrics, said = message["state"], message["metrics"], message["message"]
            self._recorder.end(trial, state, said, metrics, self.plan.parameters["training"]["epochs"])
            self._display.print_trial(trial, state, metrics, said, message["seconds"])
            self._show()

    def _lose(self, hand: WorkerHandle, code: int) -> None:
        """Give up the trial of a worker that died."""
        for trial in retry_dead_trials(self._place, self._study):
            again = "it is not run again" if RETRY_OF in trial.user_attrs else "it is run again"
            self._display.say(f"trial {trial.number}: its process ended with {code}; {again}")
            self._recorder.close_dead([trial])
        if hand.trial is None:
            raise StudyFailedError(f"a worker ended with {code} before it began a trial; see its message above")

    def _check(self) -> None:
        """Stop a study most of whose trials fail."""
        failed, ended = share_failed(self._study)
        if ended >= LEAST_ENDED and failed / ended > self._settings.max_failed_share:
            last = self._study.get_trials(deepcopy=False, states=(TrialState.FAIL,))[-1]
            raise StudyFailedError(
                f"{failed} of {ended} trials failed, more than "
                f"study.max_failed_share={self._settings.max_failed_share:g} allows; the "
                f"last one said: {last.user_attrs.get('error', 'nothing')}"
            )

    def _sum_up(self) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Any], str]:
        study = self._place.load()
        winner = pick_winner(study, self.plan)
        if winner is None:
            raise StudyFailedError("no trial finished; nothing can be said about the space")
        winner["run_id"] = self.run_id
        write_best(winner, self.plan)
        self._recorder.sum_up(winner, measure_search(study))
        figures, page = draw_study(study, self.plan)
        return winner, rank_trials(study, self.plan), figures, page

    def _shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Name the parameters that a trial's run shows, under the names that an ordinary run shows."""
        tree = apply_trial_values(self.plan.parameters, values)
        blocks = {f"{self.plan.case}.{name}": tree[name] for name in SHOWN_BLOCKS}
        return {**flatten(blocks), **values}

    def _show(self) -> None:
        trials = self._study.get_trials(deepcopy=False)
        pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
        best = find_best(self._study)
        self._recorder.keep_open()
        self._display.update(self._done(), pruned, (best.number, best.values) if best else None)  # noqa: PD011

    def _done(self) -> int:
        ended = [t for t in self._study.get_trials(deepcopy=False) if t.state.is_finished()]
        return count_trials(ended)

    def _total(self) -> int:
        """Trials in all: those allowed, of a list no more than it has."""
        if self._settings.sampler not in {"manual", "grid"}:
            return self._settings.trials
        listed = [t for t in self._study.get_trials(deepcopy=False) if RETRY_OF not in t.user_attrs]
        return min(self._settings.trials, len(listed))


def begin(
    case: str,
    parameters: dict[str, Any],
    fingerprint: str,
    environment: str,
    open_run: Callable[[str], str],
) -> StudySession:
    """Check a study and create or join it, before any table is read.

    Args:
        case: its name.
        parameters: the case's checked parameters.
        fingerprint: of the raw files.
        environment: Kedro's.
        open_run: opens the study's MLflow run under a name, when it is new.

    Raises:
        SpaceError: it cannot be run, or another study bears the name.
    """
    name = parameters["study"]["name"] or case
    plan = StudyPlan(
        case=case,
        parameters=parameters,
        name=name,
        storage=storage_of(case, parameters["study"]["storage"]),
        folder=str(project_root() / "data" / "05_model_input" / case / "study"),
        environment=environment,
        fingerprint=fingerprint,
        threads=max(1, (os.cpu_count() or 1) // parameters["study"]["workers"]),
    )
    first = check_searched(plan)
    directions = plan.study.direction
    run_id = create_or_join_study(
        plan.open(), list(directions), describe_study(plan), first, lambda: open_run(f"study {name}")
    )
    return StudySession(plan, run_id)
