"""The figures of a search: short names, one page that needs no network, and a picture of each."""

from __future__ import annotations

import html
import sys

import optuna
import pytest

from casebook.tuning.plots import draw_all, shorten_names


@pytest.fixture(scope="module")
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(6):
        trial = made.ask()
        rate, width = trial.suggest_float("toy.a.rate", 0, 1), trial.suggest_categorical("toy.b.width", ["[8]", "[16]"])
        trial.report(rate, 1)
        made.tell(trial, rate + len(width))
    return made


def test_names_are_as_short_as_they_can_be_told_apart() -> None:
    names = {"toy.training.network.dropout", "toy.training.embedding.dropout", "toy.a.x.rate", "toy.b.x.rate"}
    assert shorten_names(names) == {
        "toy.training.network.dropout": "network.dropout",
        "toy.training.embedding.dropout": "embedding.dropout",
        "toy.a.x.rate": "a.x.rate",
        "toy.b.x.rate": "b.x.rate",
    }


def test_every_kind_is_drawn_and_the_study_itself_keeps_its_names(study: optuna.Study) -> None:
    figures, page = draw_all(study, ["val/loss"])
    assert list(figures) == [
        "optimization_history.png",
        "param_importances.png",
        "parallel_coordinate.png",
        "slice.png",
        "intermediate_values.png",
        "timeline.png",
    ]
    words = [text.get_text() for text in figures["param_importances.png"].axes[0].get_yticklabels()]
    assert sorted(words) == ["a.rate", "b.width"]
    assert page.count("<script") >= 6
    assert "src=" not in page.split("<body")[1].split("plotly.js")[0]
    assert set(study.trials[0].params) == {"toy.a.rate", "toy.b.width"}


def test_without_plotly_the_pictures_are_drawn_and_the_page_says_what_to_install(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "plotly", None)
    figures, page = draw_all(study, ["val/loss"])
    assert len(figures) == 6
    told = "the interactive page of a study needs the extra \"dashboard\": pip install 'casebook[dashboard]'"
    assert told in html.unescape(page)
    assert told in caplog.messages


def test_two_metrics_show_what_can_be_had_at_once() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    both = optuna.create_study(directions=["maximize", "minimize"], sampler=optuna.samplers.RandomSampler(seed=1))
    both.optimize(
        lambda trial: (trial.suggest_float("toy.a.x", 0, 1), trial.suggest_float("toy.a.y", 0, 1)), n_trials=5
    )
    figures, page = draw_all(both, ["val/auc", "weights"])
    assert "pareto_front.png" in figures
    assert "intermediate_values.png" not in figures
    assert "What can be had at once" in page


def test_a_study_without_a_finished_trial_does_not_fail() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    small = optuna.create_study()
    small.add_trial(optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL))
    figures, page = draw_all(small, ["val/loss"])
    assert "timeline.png" in figures
    assert f"<h1>study {small.study_name}</h1>" in page
