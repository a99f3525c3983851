"""A search within a run: where it begins, when it ends, and what it finds."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from casebook.config.schema import StudyParameters
from casebook.config.tree import unflatten
from casebook.training.cross_validation import Split
from casebook.training.early_stopping import TrainingError
from casebook.tuning import short_search
from casebook.tuning.objective import TrialError
from casebook.tuning.short_search import search_training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import optuna

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Training = Callable[..., TrainingParameters]
    Learnable = tuple[TabularPreprocessor, Arrays, Arrays]

# A rate at which two epochs learn nothing, and one at which they learn what there is.
SLOW, FAST = 1.0e-7, 0.05
SPACE = {
    "training": {"optimizer": {"learning_rate": {"choice": [SLOW, FAST]}}},
    "preprocessing": {"x": {"choice": [1]}},
}


class Monitor:
    """Writes down which trials were opened, and what became of them."""

    def __init__(self) -> None:
        self.opened: list[dict[str, str]] = []
        self.ends: list[Any] = []

    @contextmanager
    def network(self, name: str, tags: Mapping[str, str]) -> Iterator[list[Any]]:
        assert name == f"trial {tags['trial']}"
        self.opened.append(dict(tags))
        yield []

    def kept(self, metrics: Mapping[str, float]) -> None:
        self.ends.append(metrics["val/loss"])

    def broken_off(self, reason: str) -> None:
        self.ends.append(reason)


def search(
    learnable: Learnable,
    training: TrainingParameters,
    minutes: float = 5,
    **study: Any,  # noqa: ANN401
) -> tuple[dict[str, Any], dict[str, float], Monitor]:
    preprocessor, rows, validation = learnable
    monitor = Monitor()
    block = {**training.model_dump(mode="json"), "time_budget": minutes}
    settings = StudyParameters.model_validate({"space": SPACE, "trials": 6, **study}).model_dump(mode="json")
    found, measured = search_training(Split(rows, validation, preprocessor), block, settings, monitor)
    return found, measured, monitor


def test_it_begins_with_the_settings_as_they_are_and_finds_better_ones(
    learnable: Learnable, training: Training
) -> None:
    found, measured, monitor = search(learnable, training(optimizer={"name": "adam", "learning_rate": SLOW}))
    assert monitor.opened[0] == {"trial": "0"}
    assert all(tags["training.optimizer.learning_rate"] in {str(SLOW), str(FAST)} for tags in monitor.opened[1:])
    assert found == {"optimizer.learning_rate": FAST}
    assert measured["search/trials"] == len(monitor.opened) == 6
    best = int(measured["search/best"])
    assert monitor.opened[best]["training.optimizer.learning_rate"] == str(FAST)
    assert measured["search/gain"] == pytest.approx(monitor.ends[0] - monitor.ends[best])
    assert measured["search/gain"] > 0.05


def test_it_keeps_the_settings_as_they_are_where_nothing_is_better(learnable: Learnable, training: Training) -> None:
    space = {"training": {"optimizer": {"learning_rate": {"choice": [SLOW]}}}}
    fast = training(optimizer={"name": "adam", "learning_rate": FAST})
    found, measured, _ = search(learnable, fast, space=space, trials=2)
    assert (found, measured["search/best"], measured["search/gain"]) == ({}, 0, 0)


def test_the_first_setting_has_all_the_time_it_takes_and_no_other_begins_after_it(
    learnable: Learnable, training: Training
) -> None:
    found, measured, monitor = search(learnable, training(), minutes=1e-6)
    assert (found, measured["search/trials"], len(monitor.ends)) == ({}, 1, 1)


def test_what_is_trained_when_the_time_is_over_counts_for_nothing(
    learnable: Learnable, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The deadline's clock alone: Optuna's own still has time for the second trial.
    monkeypatch.setattr(short_search._Deadline, "is_over", property(lambda _: True))
    found, _, monitor = search(learnable, training(optimizer={"name": "adam", "learning_rate": SLOW}), trials=2)
    assert monitor.ends[1] == "the time is over"
    assert found == {}


def test_settings_that_cannot_be_trained_are_passed_over(learnable: Learnable, training: Training) -> None:
    space = {"training": {"network": {"hidden": {"choice": [[0], [4]]}}}}
    _, measured, monitor = search(learnable, training(), space=space)
    assert any("hidden" in str(end) for end in monitor.ends)
    assert any(isinstance(end, float) for end in monitor.ends[1:])
    assert measured["search/trials"] == 6


def test_without_a_figure_of_the_settings_as_they_were_there_is_no_gain(
    learnable: Learnable, training: Training, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = short_search.evaluate_on_validation

    def fail_first(trial: optuna.Trial, *others: Any) -> Any:  # noqa: ANN401
        if not trial.number:
            raise TrialError("the loss is no number")
        return evaluate(trial, *others)

    monkeypatch.setattr(short_search, "evaluate_on_validation", fail_first)
    space = {"training": {"optimizer": {"learning_rate": {"choice": [SLOW]}}}}
    with caplog.at_level("WARNING"):
        _, measured, _ = search(learnable, training(), space=space, trials=2)
    assert measured.keys() == {"search/trials", "search/seconds", "search/best"}
    assert measured["search/best"] == 1
    assert "no gain: the settings as they were could not be trained; the loss is no number" in caplog.text


def test_a_search_without_any_setting_that_can_be_trained_says_why(learnable: Learnable, training: Training) -> None:
    diverging = training(
        optimizer={"name": "sgd", "learning_rate": 10.0},
        loss="mse",
        metrics=[],
        network={"hidden": [4], "activation": "linear", "output": "linear"},
    )
    with pytest.raises(TrainingError, match=r"training\.time_budget: no setting could be trained; .*diverged"):
        search(
            learnable, diverging, space=unflatten({"training.optimizer.learning_rate": {"choice": [10.0]}}), trials=2
        )


def test_a_metric_of_the_study_that_is_a_cost_judges_nothing(learnable: Learnable, training: Training) -> None:
    study = {"metric": ["weights", "val/auc"], "pruner": "none", "trials": 1}
    assert search(learnable, training(), **study)[1]["search/trials"] == 1
