"""MLflow runs of trials.

On one machine the launch alone opens, logs to and ends them, so that workers need no MLflow store; on a cluster each
worker does, by the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag
from optuna.trial import TrialState

from casebook.config.secrets import hide_password
from casebook.config.tree import flatten
from casebook.evaluation.metrics import COSTS
from casebook.tracking import mlflow_client
from casebook.tracking.left_running import KILLED, process_tags
from casebook.tuning.plan import apply_trial_values
from casebook.tuning.trials import ERROR, measure_pruned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from optuna.trial import FrozenTrial

    from casebook.tuning.plan import StudyPlan

# Blocks whose leaves a trial's run shows; what varies elsewhere is shown too.
LOGGED_BLOCKS = ("split", "duplicates", "leaks", "preprocessing", "training")
# How a trial ends -> how its run does; an interrupted trial is run again.
STATUS = {"COMPLETE": "FINISHED", "PRUNED": "KILLED", "FAIL": "FAILED", "INTERRUPTED": "KILLED", "LOST": "FAILED"}
TRIAL_TAG, STUDY_TAG = "optuna.trial", "optuna.study"


class TrialRuns:
    """The child runs of a study's run, one for each trial."""

    def __init__(self, run_id: str, plan: StudyPlan) -> None:
        """Store the parent run, the plan whose parameters are logged, and the tags that every child run gets."""
        self._client, self._plan = MlflowClient(), plan
        parent = self._client.get_run(run_id)
        self._parent, self._experiment = run_id, parent.info.experiment_id
        self._tags = {
            "case": parent.data.tags.get("case", ""),
            STUDY_TAG: plan.name,
            "optuna.storage": hide_password(plan.storage),
            **process_tags(),
        }
        self._runs: dict[int, str] = {}

    def start(self, trial: int, values: Mapping[str, Any], retry_of: int | None) -> str:
        """Open the run of a trial and log its parameters, under the names that a training run logs.

        Returns:
            Its run id.
        """
        tags = {"mlflow.parentRunId": self._parent, TRIAL_TAG: str(trial), **self._tags}
        tags |= {"retry_of": str(retry_of)} if retry_of is not None else {}
        run = self._client.create_run(self._experiment, run_name=f"trial {trial}", tags=tags)
        self._runs[trial] = str(run.info.run_id)
        tree = apply_trial_values(self._plan.parameters, values)
        blocks = {f"{self._plan.case}.{name}": tree[name] for name in LOGGED_BLOCKS}
        mlflow_client.log_parameters(run.info.run_id, {**flatten(blocks), **values})
        return self._runs[trial]

    def find(self, trial: int) -> str:
        """Return the id of an open run of a trial; empty where there is none."""
        return self._runs.get(trial, "")

    def log_epoch(self, trial: int, number: int, metrics: Mapping[str, float]) -> None:
        """Log an epoch's metrics to the trial's run."""
        mlflow_client.log_metrics(self._runs[trial], metrics, step=number)

    def end(self, trial: int, state: str, message: str, metrics: Mapping[str, float]) -> None:
        """End a trial's run; final metrics are logged at the last step, where MLflow's table shows them."""
        self._end_run(self._runs.pop(trial), state, message, metrics)

    def _end_run(self, run_id: str, state: str, message: str, metrics: Mapping[str, Any]) -> None:
        """End a run; of its metrics it lacks what training costs, and the scores of folds, which have no curve."""
        folds, epochs = self._plan.study.folds, self._plan.parameters["training"]["epochs"]
        tags = [RunTag("pruned", "true")] if state == "PRUNED" else []
        tags += [RunTag("error", message[: mlflow_client.TAG_LENGTH])] if message and state != "PRUNED" else []
        lacking = [name for name in metrics if name in COSTS or (folds and name.startswith("val/"))]
        final = [Metric(name, metrics[name], 0, max(folds, 1) * epochs + 1) for name in lacking]
        self._client.log_batch(run_id, metrics=final, tags=tags)
        self._client.set_terminated(run_id, STATUS[state])

    def close_dead(self, dead: list[FrozenTrial]) -> None:
        """End the runs of trials whose process was killed."""
        numbers = {str(trial.number) for trial in dead}
        for run in self._open_runs():
            if run.data.tags.get(TRIAL_TAG) in numbers:
                mlflow_client.set_tags(run.info.run_id, {"error": KILLED})
                self._client.set_terminated(run.info.run_id, "FAILED")

    def close_ended(self, trials: Iterable[FrozenTrial]) -> None:
        """End the runs of trials that finished after their launch was gone, as it would have."""
        ended = {str(trial.number): trial for trial in trials if trial.state.is_finished()}
        for run in self._open_runs():
            trial = ended.get(run.data.tags.get(TRIAL_TAG, ""))
            if trial:
                attributes = trial.user_attrs
                is_pruned = trial.state == TrialState.PRUNED
                metrics = measure_pruned(trial, self._plan.study) if is_pruned else attributes
                self._end_run(run.info.run_id, trial.state.name, attributes.get(ERROR, ""), metrics)

    def log_winner(self, winner: Mapping[str, Any], measured: Mapping[str, float]) -> None:
        """Log the winner to the study's run, as tags, since a later launch may replace it."""
        found = dict(zip(winner["metric"], winner["found"], strict=True))
        mlflow_client.log_metrics(
            self._parent, {**measured, **{f"best/{name}": value for name, value in found.items()}}
        )
        tags = {f"best.{name}": value for name, value in winner["values"].items()}
        mlflow_client.set_tags(
            self._parent, {**tags, "best.trial": winner["trial"], "best.run_id": winner["trial_run_id"]}
        )

    def mark_running(self) -> None:
        """Set the study's run to RUNNING where another launch has ended it meanwhile."""
        if self._client.get_run(self._parent).info.status != "RUNNING":
            self._client.update_run(self._parent, status="RUNNING")

    def describe(self, tags: Mapping[str, object]) -> None:
        """Tag the study's run with how its trials were run."""
        mlflow_client.set_tags(self._parent, tags)

    def log_report(self, file: Path) -> None:
        """Log a page of the search as an artifact of the study's run."""
        self._client.log_artifact(self._parent, str(file), "study")

    def _open_runs(self) -> Iterator[Any]:
        """Find the runs whose end nobody has written, or only the next command, which saw their process gone."""
        for state in ("attributes.status = 'RUNNING'", f"attributes.status = 'KILLED' and tags.error = '{KILLED}'"):
            yield from self._client.search_runs(
                [self._experiment], f"tags.mlflow.parentRunId = '{self._parent}' and {state}"
            )
