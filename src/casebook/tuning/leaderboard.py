"""Results of a study: its best trial, the leaderboard of trials, and metrics of the search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from optuna.study import StudyDirection
from optuna.trial import TrialState

from casebook.tuning.trial_settings import list_hyperparameters, suggest_trial
from casebook.tuning.trials import ERROR, RUN_ID, SETTING, TAKEN, drop_replaced

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from casebook.tuning.plan import StudyPlan

COMPLETE = (TrialState.COMPLETE,)


def pick_winner(study: optuna.Study, plan: StudyPlan) -> dict[str, Any] | None:
    """Select the best finished trial; of two metrics the one of the Pareto front with the best first metric.

    Returns:
        `case`, `trial` (number), `values` (dotted name -> value), `found` (a figure a metric), `metric`, `epochs` (that
        its network kept) and `trial_run_id`; None when no trial has finished.
    """
    best = find_best(study)
    if best is None:
        return None
    return {
        "case": plan.case,
        "trial": best.number,
        "values": decode_values(best, plan),
        "found": list(best.values),
        "metric": list(plan.study.metric),
        "epochs": best.user_attrs["epochs"],
        "trial_run_id": best.user_attrs.get(RUN_ID, ""),
    }


def find_best(study: optuna.Study) -> FrozenTrial | None:
    """Return the best finished trial, by the first metric where there are two; None when none has finished.

    A value that is no finite number is no result, whoever wrote it into the storage.
    """
    finished = study.get_trials(deepcopy=False, states=COMPLETE)
    finite = [trial for trial in finished if all(map(math.isfinite, trial.values))]
    signs = [-1 if direction == StudyDirection.MAXIMIZE else 1 for direction in study.directions]
    # Of equal first metrics the one with the better second: it is on the front.
    return min(
        finite,
        key=lambda trial: [sign * value for sign, value in zip(signs, trial.values, strict=True)],
        default=None,
    )


def describe_unfinished(study: optuna.Study) -> str:
    """Describe a study of which no trial finished: how they ended, and the last reason."""
    ended = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    counts = {state: sum(trial.state == state for trial in ended) for state in (TrialState.FAIL, TrialState.PRUNED)}
    told = [f"{count} {word}" for count, word in zip(counts.values(), ("failed", "were pruned"), strict=True) if count]
    how = f": {', '.join(told)}" if told else ": none was begun, see study.trials and study.seconds"
    return f"study {study.study_name}: no trial finished{how}{quote_last_failure(study)}"


def quote_last_failure(study: optuna.Study) -> str:
    """Quote the reason of the trial that failed last; nothing where none has one."""
    failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    reasons = [f"trial {trial.number}: {trial.user_attrs[ERROR]}" for trial in failed if trial.user_attrs.get(ERROR)]
    return f"; the last one said: {reasons[-1]}" if reasons else ""


def decode_values(trial: FrozenTrial, plan: StudyPlan) -> dict[str, Any]:
    """Decode a past trial's values: dotted name -> value of the parameter."""
    from optuna.trial import FixedTrial

    again = FixedTrial(trial.params)
    again.set_user_attr(SETTING, trial.params)
    return suggest_trial(plan, list_hyperparameters(plan), again)  # type: ignore[arg-type]


def rank_trials(study: optuna.Study, plan: StudyPlan) -> pd.DataFrame:
    """Rank the finished trials, the best first.

    Returns:
        `trial`, `state`, `judged` (see `name_judged`), a column a metric, a column a leaf, `epochs`, `seconds`,
        `retried` and `error`.
    """
    trials = study.get_trials(deepcopy=False)
    kept = {trial.number for trial in drop_replaced(trials)}
    rows = [{**_row(trial, plan), "retried": trial.number not in kept} for trial in trials if trial.state.is_finished()]
    table = pd.DataFrame(rows)
    order = [plan.study.direction[0] == "minimize", True]
    return table.sort_values([plan.study.metric[0], "trial"], ascending=order, na_position="last", ignore_index=True)


def _row(trial: FrozenTrial, plan: StudyPlan) -> dict[str, Any]:
    found = trial.values if trial.state == TrialState.COMPLETE else [None] * len(plan.study.metric)  # noqa: PD011
    taken = seconds_of(trial)
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "judged": plan.judged,
        **dict(zip(plan.study.metric, found, strict=True)),
        **trial.params,
        "epochs": trial.user_attrs.get("epochs", trial.last_step),
        "seconds": None if taken is None else round(taken, 2),
        "retried": False,
        "error": trial.user_attrs.get(ERROR, "") if trial.state == TrialState.FAIL else "",
        "run_id": trial.user_attrs.get(RUN_ID, ""),
    }


def seconds_of(trial: FrozenTrial) -> float | None:
    """Return the seconds that a trial took, by the clock of its process where that has said so."""
    stored = trial.duration.total_seconds() if trial.duration else None
    found: float | None = trial.user_attrs.get(TAKEN, stored)
    return found


def measure_search(study: optuna.Study) -> dict[str, float]:
    """Measure the search: trials, the share of pruned ones, failures, trials an hour.

    Returns:
        `study/trials`, `study/pruned_share`, `study/failed`, and `study/trials_an_hour` from first start to last end.
    """
    trials = [trial for trial in drop_replaced(study.get_trials(deepcopy=False)) if trial.state.is_finished()]
    counts = {state: sum(trial.state == state for trial in trials) for state in TrialState}
    # Starts are the launch's; where the end was written by another machine, its clock may say anything.
    begun = [t.datetime_start.timestamp() for t in trials if t.datetime_start]
    ended = [t.datetime_start.timestamp() + (seconds_of(t) or 0.0) for t in trials if t.datetime_start]
    hours = (max(ended) - min(begun)) / 3600 if begun else 0.0
    return {
        "study/trials": float(len(trials)),
        "study/pruned_share": counts[TrialState.PRUNED] / max(1, len(trials)),
        "study/failed": float(counts[TrialState.FAIL]),
        "study/trials_an_hour": len(trials) / hours if hours else 0.0,
    }


def draw_study(study: optuna.Study, plan: StudyPlan) -> tuple[dict[str, Any], str]:
    """Draw the figures of the search; see `tuning.plots.draw_all`.

    Returns:
        matplotlib figures by file name, and the interactive page in HTML.
    """
    from casebook.tuning.plots import draw_all

    return draw_all(study, plan.study.metric)
