"""What a run's description says, word for word, and whose words are kept."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Run, RunData, RunInfo, RunTag

from casebook.hooks.description import describe_run, is_own, keep_description, sign

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTE = "mlflow.note.content"
PARAMETERS: dict[str, Any] = {
    "split": {"strategy": "person"},
    "leaks": {"duration": "drop", "customers": "keep"},
    "predict": {"file": "", "folder": "", "drift_alarm": 0.25},
    "monitor": {"outcomes": "outcomes.csv", "metric": "auc", "drop": 0.05},
}
TAGS = {"case": "redhat", "variant": "scaled", "data.origin": "sample"}
SAMPLE = "**The data are a generated sample: scores say nothing about the real data.**"
GOING_ON = """\
Load it in the project's folder and predict raw rows:

```python
import mlflow
mlflow.set_tracking_uri("sqlite:///mlruns/mlflow.db")  # or the address of your server
model = mlflow.pyfunc.load_model("{0}")
predictions = model.predict(rows)
```

Serve the champion: `casebook serve redhat`. Serve this model: \
`MLFLOW_TRACKING_URI=sqlite:///mlruns/mlflow.db mlflow models serve -m {0} --env-manager local`"""


def run_of(metrics: Mapping[str, float], tags: Mapping[str, str] | None = None) -> Run:
    info = RunInfo("abc", "3", "me", "FINISHED", 0, 0, "active")
    tags = {**TAGS, **(tags or {})}
    points = [Metric(name, value, 0, 0) for name, value in metrics.items()]
    return Run(info, RunData(points, [], [RunTag(*tag) for tag in tags.items()]))


def test_a_training_says_how_it_scored_what_was_held_out_what_leaks_and_how_to_go_on() -> None:
    metrics = {
        "test/accuracy": 0.9, "test/seen_person_share": 0.0, "test/seen_group_share": 0.255, "baseline/accuracy": 0.5,
        "reference/accuracy": 0.91, "best_reachable/accuracy": 0.95, "fit/accuracy": 0.97, "data/train_rows": 7000,
        "data/validation_rows": 1000, "data/test_rows": 1500, "data/promotion_rows": 500, "folds/accuracy_mean": 0.88,
    }  # fmt: skip
    run = run_of(metrics, {"model.version": "4", "promotion": "champion: auc is higher"})
    expected = f"""\
        Variant `scaled` of `redhat`. {SAMPLE}

        | test rows | network | baseline | reference | best reachable |
        | --- | ---: | ---: | ---: | ---: |
        | accuracy | 0.9000 | 0.5000 | 0.9100 | 0.9500 |

        **Mean over the folds**, each a child run: accuracy 0.8800.

        **Held out** by person: all rows of one person lie on one side.

        | part | rows | share |
        | --- | ---: | ---: |
        | train | 7,000 | 70.0% |
        | validation | 1,000 | 10.0% |
        | test | 1,500 | 15.0% |
        | promotion | 500 | 5.0% |

        Share of test rows that training has seen, by group 25.5%, person 0.0%.

        **Leaks**: `duration` left out; **`customers` used, though unknown when a prediction is made**.

        **Model**: version 4 of `redhat`; champion: auc is higher.

        """
    assert describe_run(run, PARAMETERS) == dedent(expected) + GOING_ON.format("runs:/abc/model")


def test_a_training_without_a_known_leak_on_files_of_the_user_says_less() -> None:
    run = run_of({"data/train_rows": 3, "data/test_rows": 1}, {"data.origin": "files", "data.fingerprint": "f00d"})
    expected = """\
        Variant `scaled` of `redhat`. The data are the user's files (fingerprint `f00d`).

        **Held out** by time, the last days.

        | part | rows | share |
        | --- | ---: | ---: |
        | train | 3 | 75.0% |
        | test | 1 | 25.0% |

        """
    parameters = {**PARAMETERS, "split": {"strategy": "time"}, "leaks": {}}
    assert describe_run(run, parameters) == dedent(expected) + GOING_ON.format("runs:/abc/model")


def test_an_update_says_what_became_of_each_batch_and_names_its_last_version() -> None:
    metrics = {
        "update/rows": 1200, "update/learnt": 1000, "update/held_out": 200, "update/seconds": 3.5,
        "test/auc": 0.8, "reference/auc": 0.79, "baseline/auc": 0.5,
    }  # fmt: skip
    tags = {"update.10": "b.csv: champion", "update.2": "a.csv: no champion", "model.version": "5", "promotion": "so"}
    expected = f"""\
        The champion of `redhat` has learnt from new rows. {SAMPLE}

        **Last batch**: rows 1,200, learnt 1,000, held out 200.

        | new rows held out | updated | champion before | baseline |
        | --- | ---: | ---: | ---: |
        | auc | 0.8000 | 0.7900 | 0.5000 |

        - a.csv: no champion
        - b.csv: champion

        **Leaks**: `duration` left out; **`customers` used, though unknown when a prediction is made**.

        **Model**: version 5 of `redhat`; so.

        """
    assert describe_run(run_of(metrics, tags), PARAMETERS, "update") == dedent(expected) + GOING_ON.format(
        "models:/redhat/5"
    )


def test_a_prediction_counts_its_rows_and_says_where_they_are() -> None:
    metrics = {
        "prediction/rows": 1010, "prediction/scored": 1000, "prediction/rejected": 10, "prediction/seconds": 2.25,
        "drift/alarms": 2,
    }  # fmt: skip
    expected = f"""\
        The champion of `redhat` has scored `may.csv`. {SAMPLE}

        **Rows** 1,010: scored 1,000, rejected 10 (`rejected.parquet` says why), in 2.2 s.

        **Drift**: 2 features or answers reach the level 0.25 (population stability index) by more than chance.

        The predictions are in `data/07_model_output/redhat/predictions.parquet`."""
    parameters = {**PARAMETERS, "predict": {"file": "may.csv", "folder": "", "drift_alarm": 0.25}}
    assert describe_run(run_of(metrics), parameters, "predict") == dedent(expected)


def test_a_prediction_of_a_folder_says_how_many_files_there_were_and_where_the_answers_are() -> None:
    files = {"prediction/files/parts": 100, "prediction/files/before": 40, "prediction/files/failed": 1}
    parameters = {**PARAMETERS, "predict": {"file": "", "folder": "inbox", "drift_alarm": 0.25}}
    told = describe_run(run_of({"prediction/rows": 10, **files}), parameters, "predict")
    assert told.startswith("The champion of `redhat` has scored `inbox`.")
    assert told.endswith(
        "**Files** 100, of which 40 were scored before, 1 failed; `manifest.csv` has a line for each and says where "
        "its answers are."
    )


def test_a_monitoring_says_what_it_compares() -> None:
    expected = f"""\
        Predictions of `redhat` whose outcomes (`outcomes.csv`) have arrived, week by week.

        A week fails where its auc is worse by more than 0.05 than it was on the test rows, by all of its 95 % interval.

        {SAMPLE}"""
    assert describe_run(run_of({}), PARAMETERS, "monitor") == dedent(expected)


def test_a_study_says_what_won_and_links_its_trial() -> None:
    metrics = {
        "study/trials": 12, "study/failed": 1, "best/val/auc": 0.87, "test/auc": 0.86, "default/auc": 0.85,
        "baseline/auc": 0.5,
    }  # fmt: skip
    tags = {"best.trial": "7", "best.run_id": "def", "best.redhat.training.network.hidden": "[64]"}
    expected = f"""\
        Study of `redhat`: 12 trials, 1 failed. {SAMPLE}

        **Winner**: [trial 7](#/experiments/3/runs/def), val/auc 0.8700.

        | searched | value |
        | --- | --- |
        | `redhat.training.network.hidden` | [64] |

        | test rows | winner | default | baseline |
        | --- | ---: | ---: | ---: |
        | auc | 0.8600 | 0.8500 | 0.5000 |

        Train it: `kedro run --pipeline=redhat --params redhat.variant=best`"""
    parameters = {**PARAMETERS, "leaks": {}, "training": {"ensemble": {"networks": 1, "reference": False}}}
    assert describe_run(run_of(metrics, tags), parameters, "study") == dedent(expected)


@pytest.mark.parametrize(("folds", "judged"), [(0, "one network"), (5, "one network and boosted trees")])
def test_a_study_says_what_judged_its_trials_where_a_run_trains_an_ensemble(folds: int, judged: str) -> None:
    training = {"ensemble": {"networks": 1, "reference": True}}
    parameters = {**PARAMETERS, "leaks": {}, "training": training, "study": {"folds": folds}}
    told = describe_run(run_of({}), parameters, "study")
    assert f"Trials are judged by {judged}; winner and default are scored on the test rows as a run trains them" in told


def note_after(before: str) -> str:
    """Describe a run that holds a note already."""
    with mlflow.start_run() as run:
        if before:
            MlflowClient().set_tag(run.info.run_id, NOTE, before)
    keep_description(mlflow.get_run(run.info.run_id), "new")
    return mlflow.get_run(run.info.run_id).data.tags[NOTE]


@pytest.mark.parametrize("before", ["", sign("old")])
def test_a_description_of_ours_is_written_anew(before: str) -> None:
    assert note_after(before) == sign("new")


@pytest.mark.parametrize("before", ["my own words", sign("old") + " and mine", sign("old").replace("old", "mine")])
def test_what_somebody_wrote_or_changed_is_kept(before: str) -> None:
    assert note_after(before) == before


def test_the_mark_is_a_comment_behind_the_text() -> None:
    assert sign("text").startswith("text\n\n<!-- written by casebook ")
    assert sign("text").endswith(" -->")
    assert is_own(sign("text"))


def test_a_run_with_a_page_leads_to_it() -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("<html></html>", "report.html")
    keep_description(mlflow.get_run(run.info.run_id), "new")
    place = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/report.html"
    expected = sign(f"All of it on one page: [report.html]({place}).\n\nnew")
    assert mlflow.get_run(run.info.run_id).data.tags[NOTE] == expected
