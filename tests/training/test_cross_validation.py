"""Cross-validation: what each fold is fitted on, judged on and told."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.baselines.settings import reference_parameters

from casebook.baselines.gradient_boosting import fit_reference
from casebook.data.folds import assign_folds
from casebook.evaluation.prediction import predict
from casebook.evaluation.thresholds import ThresholdRule
from casebook.models.network_ensemble import list_networks, list_weights, name_networks
from casebook.preprocessing.arrays import Labels
from casebook.training import cross_validation
from casebook.training.callbacks import CurveCallback
from casebook.training.cross_validation import Split, cross_validate, evaluate_fold, summarise_folds
from casebook.training.ensemble import make_loss_of_mean, weigh_networks
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor
    from casebook.training.cross_validation import FoldResult

    Fit = Callable[..., TabularPreprocessor]
    Learnable = tuple[TabularPreprocessor, Arrays, Arrays]
    Training = Callable[..., TrainingParameters]

ROWS, FOLDS, REPEATS = 60, 3, 2


class ListFolds:
    """Writes down what it hears of folds."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    @contextmanager
    def fold(self, name: str, tags: Mapping[str, str]) -> Iterator[list[CurveCallback]]:
        self.heard.append(("open", name, dict(tags)))
        yield [CurveCallback(lambda number, _: self.heard.append(("epoch", number)))]
        self.heard.append(("close", name))

    def scores(self, metrics: Mapping[str, float]) -> None:
        self.heard.append(("scores", dict(metrics)))


@pytest.fixture
def table() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    number = np.arange(ROWS)
    return pd.DataFrame({"row": number + 0.5, "noise": generator.normal(size=ROWS), "y": (number % 2).astype(np.int8)})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Arrays, Arrays]]:
    """Let training only write down its rows; the network says 0.75 where a row's number is odd, else 0.25."""
    seen: list[tuple[Arrays, Arrays]] = []

    def train(train: Arrays, stopping: Arrays, *_: object) -> tuple[SimpleNamespace, pd.DataFrame]:
        seen.append((train, stopping))
        return SimpleNamespace(output_shape=(None, 1)), pd.DataFrame({"epoch": [1], "train/loss": [0.5]})

    def predict(_network: SimpleNamespace, arrays: Arrays) -> np.ndarray:
        return np.where(arrays["target"] == 1, 0.75, 0.25)

    monkeypatch.setattr(cross_validation, "train_ensemble", train)
    monkeypatch.setattr("casebook.evaluation.prediction.predict", predict)
    return seen


def run(
    table: pd.DataFrame,
    dealt: np.ndarray,
    fit: Callable[..., Any],
    parameters: TrainingParameters,
    task: str = "binary",
) -> tuple[pd.DataFrame, list[tuple[Any, ...]]]:
    monitor = ListFolds()
    return cross_validate(table, dealt, fit, Labels("y", task), parameters, ThresholdRule(), monitor), monitor.heard


@pytest.mark.usefixtures("trained")
def test_each_row_is_judged_once_a_repeat_by_a_network_fitted_on_all_the_others(
    table: pd.DataFrame, fit: Fit, training: Training
) -> None:
    fitted: list[set[int]] = []

    def remember(rows: pd.DataFrame) -> TabularPreprocessor:
        fitted.append(set(rows.index))
        return fit(rows[["row", "noise"]])

    dealt = assign_folds(ROWS, FOLDS, REPEATS, seed=1)
    scores, _ = run(table, dealt, remember, training())
    judged = [set(range(ROWS)) - rows for rows in fitted]
    for repeat in range(REPEATS):
        own = judged[repeat * FOLDS : (repeat + 1) * FOLDS]
        assert [sorted(rows) for rows in own] == [np.flatnonzero(dealt[:, repeat] == f).tolist() for f in range(FOLDS)]
        assert sorted(row for rows in own for row in rows) == list(range(ROWS))
    assert scores[["repeat", "fold", "rows"]].to_numpy().tolist() == [
        [1, 1, 20], [1, 2, 20], [1, 3, 20], [2, 1, 20], [2, 2, 20], [2, 3, 20],
    ]  # fmt: skip


def test_rows_that_are_judged_change_nothing_that_is_fitted(
    table: pd.DataFrame, fit: Fit, training: Training, trained: list[tuple[Arrays, Arrays]]
) -> None:
    fitted: list[TabularPreprocessor] = []

    def remember(rows: pd.DataFrame) -> TabularPreprocessor:
        fitted.append(fit(rows[["row", "noise"]]))
        return fitted[-1]

    dealt = assign_folds(ROWS, FOLDS, 1, seed=1)
    run(table, dealt, remember, training())
    first = dealt[:, 0] == 0
    spoilt = table.assign(row=table["row"].where(~first, -1e6), y=table["y"].where(~first, 1 - table["y"]))
    run(spoilt, dealt, remember, training())
    assert fitted[0] == fitted[FOLDS]
    assert fitted[1] != fitted[FOLDS + 1]
    assert fitted[0].columns[0].mean == table["row"][~first].mean()
    before, after = trained[0][0], trained[FOLDS][0]
    assert all((before[name] == after[name]).all() for name in before)
    assert len(before["target"]) == 40


@pytest.mark.parametrize(("patience", "held"), [(0, 0), (2, 4)])
def test_a_fold_stops_early_by_rows_of_its_own_training_part(
    table: pd.DataFrame, fit: Fit, training: Training, trained: list[tuple[Arrays, Arrays]], patience: int, held: int
) -> None:
    dealt = assign_folds(ROWS, FOLDS, 1, seed=1)
    parameters = training(early_stopping={"metric": "val/loss", "patience": patience})
    run(table, dealt, lambda rows: fit(rows[["row"]], scaling="none"), parameters)
    for fold, (train, stopping) in enumerate(trained):
        assert (len(train["target"]), len(stopping["target"])) == (40 - held, held)
        rest = np.sort(table["row"][dealt[:, 0] != fold])
        stored = np.sort(np.concatenate([train["numbers"], stopping["numbers"]])[:, 0])
        # Numbers are stored less their mean.
        np.testing.assert_allclose(stored - stored[0], rest - rest[0], atol=1e-5)
    if not held:
        assert trained[0][0]["target"].tolist() == table["y"][dealt[:, 0] != 0].tolist()


@pytest.mark.usefixtures("trained")
def test_scores_and_the_baselines_are_those_of_the_judged_rows(
    table: pd.DataFrame, fit: Fit, training: Training
) -> None:
    # The first fold holds 15 rows of class 1 and 5 of class 0, so that the rest says 0.375 to each of them.
    dealt = np.zeros((ROWS, 1), np.int16)
    dealt[np.flatnonzero(table["y"] == 1)[15:]] = 1
    dealt[np.flatnonzero(table["y"] == 0)[5:]] = 1
    scores, heard = run(table, dealt, lambda rows: fit(rows[["noise"]]), training())
    first = scores.iloc[0].to_dict()
    assert first == {
        "repeat": 1.0, "fold": 1.0, "rows": 20.0,
        "accuracy": 1.0, "auc": 1.0, "log_loss": pytest.approx(-np.log(0.75)), "f1": 1.0,
        "baseline_accuracy": 0.25, "baseline_auc": 0.5, "baseline_f1": 0.0,
        "baseline_log_loss": pytest.approx(-(0.75 * np.log(0.375) + 0.25 * np.log(0.625))),
    }  # fmt: skip
    told = {name: value for name, value in first.items() if name not in {"repeat", "fold", "rows"}}
    assert heard[:3] == [
        ("open", "fold 1", {"repeat": "1", "fold": "1"}), ("scores", told), ("close", "fold 1"),
    ]  # fmt: skip


@pytest.mark.usefixtures("trained")
def test_folds_are_named_with_their_repeat_where_there_are_several(
    table: pd.DataFrame, fit: Fit, training: Training
) -> None:
    _, heard = run(table, assign_folds(ROWS, 2, 2, seed=1), lambda rows: fit(rows[["noise"]]), training())
    assert [told[1:] for told in heard if told[0] == "open"] == [
        ("fold 1, repeat 1", {"repeat": "1", "fold": "1"}),
        ("fold 2, repeat 1", {"repeat": "1", "fold": "2"}),
        ("fold 1, repeat 2", {"repeat": "2", "fold": "1"}),
        ("fold 2, repeat 2", {"repeat": "2", "fold": "2"}),
    ]


def test_a_regression_is_trained_on_real_numbers_in_each_fold(
    table: pd.DataFrame, fit: Fit, training: Training, trained: list[tuple[Arrays, Arrays]]
) -> None:
    prices = table.assign(y=np.arange(ROWS) + 0.5)
    scores, _ = run(
        prices, assign_folds(ROWS, 2, 1, seed=1), lambda rows: fit(rows[["noise"]]), training(), "regression"
    )
    assert [train["target"].dtype for train, _ in trained] == [np.float32] * 2
    assert {"mae", "rmse", "baseline_mae"} <= set(scores)


def test_folds_of_a_learnable_target_learn_and_leave_the_table_as_it_was(fit: Fit, training: Training) -> None:
    generator = np.random.default_rng(2)
    table = pd.DataFrame({"a": generator.normal(size=200), "b": generator.normal(size=200)})
    table["y"] = (table["a"] - table["b"] > 0).astype(np.int8)
    kept, dealt = table.copy(), assign_folds(200, 2, 1, seed=1)
    before = dealt.copy()
    parameters = training(epochs=15, optimizer={"name": "adam", "learning_rate": 0.05})
    scores, heard = run(table, dealt, lambda rows: fit(rows[["a", "b"]]), parameters)
    assert (scores["accuracy"] > 0.9).all()
    assert [h for h in heard if h[0] == "epoch"] == [("epoch", n) for n in range(1, 16)] * 2
    pd.testing.assert_frame_equal(table, kept)
    np.testing.assert_array_equal(dealt, before)


def test_folds_are_summed_up_by_mean_variance_and_deviation_of_the_population() -> None:
    scores = pd.DataFrame(
        {"repeat": [1, 1, 1, 1], "fold": [1, 2, 3, 4], "rows": 5, "accuracy": [0.5, 0.75, 0.75, 1.0], "mae": [2.0] * 4}
    )
    kept = scores.copy()
    assert summarise_folds(scores) == {
        "folds/accuracy_mean": 0.75, "folds/accuracy_variance": 0.03125, "folds/accuracy_std": 0.03125**0.5,
        "folds/mae_mean": 2.0, "folds/mae_variance": 0.0, "folds/mae_std": 0.0,
    }  # fmt: skip
    pd.testing.assert_frame_equal(scores, kept)


def test_a_fold_judges_the_ensemble_that_a_run_trains_and_none_of_it_has_seen_the_folds_rows(
    learnable: Learnable, training: Training
) -> None:
    preprocessor, rows, judged = learnable
    parameters = training(ensemble={"networks": 2, "reference": True}, refit=True)
    fitted: list[Split] = []

    def fit_trees(split: Split) -> BoostedTrees:
        fitted.append(split)
        return fit_reference(*split, reference_parameters())

    def evaluate(target: np.ndarray) -> FoldResult:
        split = Split(rows, {**judged, "target": target}, preprocessor)
        return evaluate_fold(split, "binary", ThresholdRule(), parameters, [], fit_trees)

    network, _, scores = evaluate(judged["target"])
    train, validation, _ = fitted[0]
    assert (len(train["target"]), len(validation["target"])) == (360, 40)
    assert name_networks(network) == ["network_1", "network_2", "boosted_trees"]
    members = [predict(each, validation) for each in list_networks(network)]
    expected = weigh_networks(members, validation, make_loss_of_mean("binary", parameters))
    assert list_weights(network) == pytest.approx(expected.tolist())
    alone, _ = train_network(train, validation, preprocessor, training())
    np.testing.assert_array_equal(members[0], predict(alone, validation))
    # Other answers of the rows that are judged change the score alone.
    again = evaluate(1 - judged["target"])
    np.testing.assert_array_equal(predict(again.network, judged), predict(network, judged))
    assert again.scores["auc"] == pytest.approx(1 - scores["auc"])


@pytest.mark.parametrize(
    ("patience", "rule", "ensemble", "held"),
    [
        (0, 0.5, {}, 0),
        (0, "f1", {}, 4),
        (2, 0.5, {}, 4),
        (2, "cost", {"reference": True}, 4),
        (0, 0.5, {"reference": True}, 4),
        (0, 0.5, {"networks": 2}, 4),
    ],
)
def test_a_threshold_weights_and_early_stopping_share_a_tenth_of_the_training_rows(
    training: Training, patience: int, rule: float | str, ensemble: dict[str, Any], held: int
) -> None:
    rows = {"target": np.arange(40)}
    parameters = training(early_stopping={"patience": patience}, ensemble=ensemble)
    train, validation = cross_validation.split_off_validation_rows(rows, parameters, ThresholdRule(rule))
    assert len(validation["target"]) == held
    assert sorted([*train["target"], *validation["target"]]) == list(range(40))
