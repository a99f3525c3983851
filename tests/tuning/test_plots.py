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


def make_study(*trials: tuple[dict[str, float], float]) -> optuna.Study:
    """Make a study of finished trials: parameters by name, value."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(study_name="toy")
    kinds = {name: optuna.distributions.FloatDistribution(0, 1) for params, _ in trials for name in params}
    for params, value in trials:
        own = {name: kinds[name] for name in params}
        made.add_trial(optuna.trial.create_trial(params=params, distributions=own, value=value))
    return made


FAILED = optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL)


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        ([({"toy.a.x": 0.1, "toy.a.y": 0.2}, 1.0)], "trial 0 alone has finished, and importance compares trials"),
        (
            [({"toy.a.x": n / 9, "toy.a.y": n / 8}, 0.25) for n in range(5)],
            "all 5 finished trials have the same val/loss, 0.25",
        ),
        (
            [({"toy.a.x": n / 9, "toy.a.y": n / 8}, 0.1 * 3 - 1e-16 * n) for n in range(5)],
            "all 5 finished trials have the same val/loss, 0.3",
        ),
        ([({"toy.a.x": 0.5}, 1.0), ({"toy.a.x": 0.5}, 2.0)], "no parameter has taken two values"),
        ([({"toy.a.x": 0.5}, float("inf"))], "no trial has finished with a finite value"),
        ([], "no trial has finished with a finite value"),
    ],
)
def test_importance_of_nothing_is_not_shown_and_the_page_says_why(
    trials: list[tuple[dict[str, float], float]], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    searched = make_study(*trials)
    searched.add_trial(FAILED)
    figures, page = draw_all(searched, ["val/loss"])
    assert "param_importances.png" not in figures
    assert f"<p>Which parameters matter: not drawn, since {reason}.</p>" in html.unescape(page)
    assert f"Which parameters matter: not drawn, since {reason}" in caplog.messages
    if reason.startswith("no trial"):
        assert list(figures) == ["timeline.png"]


def test_a_parameter_that_exists_in_some_trials_alone_has_the_importance_that_it_has() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    searched = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))

    def objective(trial: optuna.Trial) -> float:
        noise = trial.suggest_float("toy.a.noise", 0, 1)
        if trial.suggest_categorical("toy.a.optimizer", ["sgd", "adam"]) == "adam":
            # Better than all others, so that the best trials do not have the other's parameter.
            return -1 + noise / 100
        return 10 * trial.suggest_float("toy.a.momentum", 0, 1) + noise / 100

    searched.optimize(objective, n_trials=60)
    figures, page = draw_all(searched, ["val/loss"])
    axes = figures["param_importances.png"].axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    widths = dict(zip(names, (bar.get_width() for bar in axes.patches), strict=True))
    assert set(widths) == {"a.noise", "a.optimizer", "a.momentum"}
    assert widths["a.momentum"] > 0.2
    assert widths["a.noise"] < 0.05
    assert page.count("Which parameters matter") == 1
