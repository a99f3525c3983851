"""Whole studies on samples: what stands in Optuna, in MLflow, on the console and in the files afterwards."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
import yaml
from optuna.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tuning.conftest import Studied

RATE = "attrition.training.optimizer.learning_rate"


def test_a_list_is_visited_exactly_and_each_trial_has_its_run(listed: Studied) -> None:
    assert listed.code == 0, listed.said[-3000:]
    trials = listed.trials()
    assert [trial.state for trial in trials] == [
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]
    children = listed.children
    assert [children[n].info.status for n in range(4)] == ["FINISHED", "FINISHED", "FAILED", "FINISHED"]
    assert [trial.user_attrs["mlflow.run_id"] for trial in trials] == [children[n].info.run_id for n in range(4)]
    assert trials[0].params == {"redhat.training.network.hidden": "[8]"}
    assert children[3].data.params["redhat.training.network.hidden"] == "[12]"
    assert children[0].data.params["redhat.training.optimizer.name"] == "adamw"


def test_a_failed_trial_keeps_its_message_in_both_stores_and_the_study_goes_on(listed: Studied) -> None:
    message = listed.trials()[2].user_attrs["error"]
    assert "people_char_38 is a number; `missing` needs an onehot or embedding encoding" in message
    assert listed.children[2].data.tags["error"] == message
    assert "trial 2    failed" in listed.said


def test_what_depends_on_a_changed_preparation_is_prepared_once_for_each_value(listed: Studied) -> None:
    folder = listed.project.root / "data" / "05_model_input" / "redhat" / "study"
    prepared = sorted(path for path in folder.iterdir() if path.is_dir())
    # The base and `min_rows: 5` for the trials; winner and default on the test rows, alike unless the second one won.
    winner = listed.parent.data.tags["best.trial"]
    assert len(prepared) == (4 if winner == "1" else 3)
    weights = [listed.trials()[n].user_attrs["weights"] for n in (0, 1, 3)]
    assert weights[0] < weights[2]


def test_curves_of_every_epoch_stand_in_the_trial_s_run(listed: Studied) -> None:
    history = listed.project.client.get_metric_history(listed.children[0].info.run_id, "val/auc")
    assert [point.step for point in history] == [1, 2]
    assert listed.trials()[0].values == [history[-1].value]
    assert listed.trials()[0].intermediate_values == {point.step: point.value for point in history}


def test_the_study_s_run_sums_up(listed: Studied) -> None:
    parent = listed.parent
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == "study redhat"
    metrics = parent.data.metrics
    values = {trial.number: trial.values[0] for trial in listed.trials() if trial.values}
    assert metrics["best/val/auc"] == max(values.values())
    assert (metrics["study/trials"], metrics["study/failed"], metrics["study/pruned_share"]) == (4.0, 1.0, 0.0)
    best = parent.data.tags["best.trial"]
    assert values[int(best)] == max(values.values())
    assert parent.data.tags["best.run_id"] == listed.children[int(best)].info.run_id
    for who in ("test", "default", "baseline"):
        assert 0 <= metrics[f"{who}/auc"] <= 1
    assert metrics["test/auc_std"] > 0
    assert metrics["baseline/auc"] == 0.5


def test_figures_page_and_leaderboard_are_artifacts_and_only_the_winner_is_logged_as_a_model(listed: Studied) -> None:
    client, run_id = listed.project.client, listed.parent.info.run_id
    pictures = {artifact.path for artifact in client.list_artifacts(run_id, "study/figures")}
    assert {"study/figures/optimization_history.png", "study/figures/timeline.png"} <= pictures
    folder = listed.project.root / "data" / "runs" / "redhat" / run_id / "08_reporting" / "study"
    page = (folder / "study.html").read_text()
    assert page.count("Best value by trial") == 1
    assert "cdn" not in page.split("</head>")[1][:2000]
    report = (folder.parent / "report.html").read_text()
    assert "(4 trials, 3 complete)" in report
    assert 'href="study/study.html"' in report
    rows = list(csv.DictReader((folder / "leaderboard.csv").open()))
    assert [row["state"] for row in rows] == ["complete", "complete", "complete", "fail"]
    assert float(rows[0]["val/auc"]) == listed.parent.data.metrics["best/val/auc"]
    experiment = [listed.parent.info.experiment_id]
    assert [model.source_run_id for model in client.search_logged_models(experiment)] == [run_id]


def test_the_winner_is_a_variant_whose_run_links_to_the_study(listed: Studied) -> None:
    file = listed.project.root / "conf" / "local" / "redhat" / "parameters_best.yml"
    best = yaml.safe_load(file.read_text())["redhat"]["variants"]["best"]
    trial = listed.trials()[int(listed.parent.data.tags["best.trial"])]
    assert best["study"] == {"winner_of": f"{listed.parent.info.run_id} trial {trial.number}"}
    assert str(best["training"]["network"]["hidden"]) == trial.params["redhat.training.network.hidden"]


def test_folds_judge_a_trial_and_prune_it(folded: Studied) -> None:
    assert folded.code == 0, folded.said[-3000:]
    good, bad = folded.trials()
    assert (good.state, good.params) == (TrialState.COMPLETE, {RATE: 0.01})
    assert (bad.state, bad.params) == (TrialState.PRUNED, {RATE: 1e-9})
    assert sorted(good.intermediate_values) == [1, 2]
    assert sorted(bad.intermediate_values) == [1]
    assert good.intermediate_values[2] == pytest.approx(good.values[0])
    run = folded.children[1]
    assert (run.info.status, run.data.tags["pruned"]) == ("KILLED", "true")
    assert folded.children[0].info.status == "FINISHED"
    shown = [child.data.metrics["val/auc"] for _, child in sorted(folded.children.items())]
    assert shown == pytest.approx([good.values[0], bad.intermediate_values[1]])
    assert folded.parent.data.metrics["study/pruned_share"] == 0.5


def test_a_finished_list_is_not_run_again(folded: Studied, run_study: Callable[..., Studied]) -> None:
    again = run_study("attrition", folded.project, given="attrition.study.trials=20")
    assert again.code == 0, again.said[-3000:]
    assert "study attrition goes on: 2 of 2 trials done" in again.said
    assert "goes on" not in folded.said
    assert len(again.trials()) == 2
    assert len(again.children) == 2
    assert again.parent.info.run_id == folded.parent.info.run_id


def test_a_changed_space_is_refused_before_anything_is_read(folded: Studied, run_study: Callable[..., Studied]) -> None:
    refused = run_study("attrition", folded.project, given="attrition.study.folds=3")
    assert refused.code == 2
    assert "study 'attrition' was begun with another definition: folds: 2 -> 3" in " ".join(refused.said.split())
    assert "ingest_employees" not in refused.said
    assert folded.parent.info.status == "FINISHED"
