"""What a training, a study or a fold is judged by is the exact figure: scikit-learn's, of all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn import metrics as exact

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema.tuning import StudyParameters
from casebook.evaluation.metrics import metrics_of
from casebook.evaluation.prediction import predict
from casebook.evaluation.scores import ScoreError, score_outputs, score_predictions
from casebook.evaluation.thresholds import ThresholdRule
from casebook.inference.predictions import class_probability
from casebook.preprocessing.tabular import Arrays, prepare_rows
from casebook.training.callbacks import TrainingCallback
from casebook.training.cross_validation import Split, evaluate_fold
from casebook.training.early_stopping import kept_epoch
from casebook.training.trainer import train_network
from casebook.tuning.objective import TrialError, evaluate_on_folds, evaluate_on_validation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from casebook.config.schema import TrainingParameters

Training = Any  # the fixture of library_fixtures
# Few enough positives for Keras's 200 thresholds to see ties; the last batch is smaller than the others.
ROWS, SHARE = 1500, 0.02
# Outputs that differ in their last bit may change places: three pairs of the 15 positives and 735 others.
TOLERANCE = {"auc": 3 / (15 * 735)}
OF_TASK: dict[str, dict[str, Any]] = {
    "binary": {"loss": "binary_crossentropy", "network": {"hidden": [4]}},
    "multiclass": {"loss": "sparse_categorical_crossentropy", "network": {"hidden": [4], "output": "softmax"}},
    "regression": {"loss": "mse", "network": {"hidden": [4], "output": "linear"}},
}


def score_exactly(name: str, target: np.ndarray, answer: np.ndarray) -> float:
    """Compute a metric by scikit-learn, of probabilities (of each class) or numbers."""
    chosen = answer.argmax(axis=1) if answer.ndim == 2 else answer >= 0.5
    counted = target > 0
    relative = np.abs(target - answer)[counted] / target[counted] if answer.ndim == 1 else np.zeros(1)
    computed: dict[str, Callable[[], float]] = {
        "accuracy": lambda: exact.accuracy_score(target, chosen),
        "auc": lambda: exact.roc_auc_score(target, answer),
        "f1": lambda: exact.f1_score(target, chosen),
        "log_loss": lambda: exact.log_loss(target, answer),
        "mae": lambda: exact.mean_absolute_error(target, answer),
        "mse": lambda: exact.mean_squared_error(target, answer),
        "rmse": lambda: exact.root_mean_squared_error(target, answer),
        "rmspe": lambda: float(np.sqrt(np.mean(relative**2))),
        "mape": lambda: float(np.mean(relative)),
    }
    return float(computed[name]())


@pytest.fixture(scope="module")
def splits(fit: Callable[..., Any]) -> dict[str, Split]:
    """Make rows of each task: training rows, and validation rows among which the positive class is rare."""
    start_tensorflow()
    generator = np.random.default_rng(5)
    table = pd.DataFrame(generator.normal(size=(ROWS, 2)), columns=["a", "b"])
    preprocessor = fit(table[: ROWS // 2])
    arrays = prepare_rows(table, preprocessor)
    height = table["a"].to_numpy() + generator.normal(scale=2, size=ROWS)
    targets = {
        "binary": (height > np.quantile(height, 1 - SHARE)).astype(np.uint8),
        "multiclass": np.digitize(height, [-1, 1]).astype(np.uint8),
        "regression": (np.maximum(height, 0) * 3).astype(np.float32),
    }
    half = ROWS // 2
    return {
        task: Split(*({**{n: v[part] for n, v in arrays.items()}, "target": target[part]}
                      for part in (slice(half), slice(half, None))), preprocessor)
        for task, target in targets.items()
    }  # fmt: skip


def load_parameters_class(training: Training, task: str, **more: Any) -> TrainingParameters:  # noqa: ANN401
    names = [metric.name for metric in metrics_of(task)]
    parameters: TrainingParameters = training(**{"metrics": names, "batch_size": 64, **OF_TASK[task], **more})
    return parameters


class Exact(TrainingCallback):
    """Scores the validation rows after each epoch by scikit-learn."""

    def __init__(self, rows: Arrays, task: str) -> None:
        self._rows, self._task, self.seen = rows, task, []  # type: ignore[var-annotated]

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        answer = np.asarray(class_probability(self._task, predict(self.model, self._rows)), np.float64)
        names = [metric.name for metric in metrics_of(self._task)]
        self.seen.append({name: score_exactly(name, self._rows["target"], answer) for name in names})


@pytest.mark.parametrize("task", OF_TASK)
def test_each_point_of_each_validation_curve_is_exact(splits: dict[str, Split], training: Training, task: str) -> None:
    split, parameters = splits[task], load_parameters_class(training, task, epochs=3)
    reference = Exact(split.held_out, task)
    _, history = train_network(split.train, split.held_out, split.preprocessor, parameters, [reference])
    for metric in metrics_of(task):
        expected = [point[metric.name] for point in reference.seen]
        found = history[f"val/{metric.name}"].to_numpy()
        assert found == pytest.approx(expected, rel=1e-5, abs=TOLERANCE.get(metric.name, 1e-9)), metric.name


def test_a_curve_is_exact_where_200_thresholds_see_ties() -> None:
    generator = np.random.default_rng(3)
    target = (np.arange(5000) % 500 == 0).astype(np.uint8)
    probability = (1e-4 * (generator.random(5000) + target)).astype(np.float32)
    expected = exact.roc_auc_score(target, probability)
    assert score_outputs(["auc"], "binary", target, probability[:, None]) == {"auc": pytest.approx(expected, abs=1e-12)}
    start_tensorflow()
    import keras

    approximate = keras.metrics.AUC()
    approximate.update_state(target, probability)
    assert abs(float(approximate.result()) - expected) > 0.2


def test_early_stopping_goes_by_the_exact_figure(splits: dict[str, Split], training: Training) -> None:
    split = splits["binary"]
    stopping = {"metric": "val/auc", "patience": 3, "restore_best": True}
    parameters = load_parameters_class(training, "binary", epochs=12, early_stopping=stopping)
    reference = Exact(split.held_out, "binary")
    network, history = train_network(split.train, split.held_out, split.preprocessor, parameters, [reference])
    areas = [point["auc"] for point in reference.seen]
    assert kept_epoch(history, parameters) == int(np.argmax(areas))
    assert exact.roc_auc_score(split.held_out["target"], predict(network, split.held_out)) == pytest.approx(max(areas))


def run_trial(judge: Callable[[optuna.Trial], Any]) -> Any:  # noqa: ANN401 - a TrialResult
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return judge(optuna.create_study(direction="maximize").ask())


@pytest.mark.parametrize("task", OF_TASK)
def test_a_trial_is_judged_by_the_exact_figure_of_the_validation_rows(
    splits: dict[str, Split], training: Training, task: str
) -> None:
    split, parameters = splits[task], load_parameters_class(training, task, epochs=2)
    for metric in metrics_of(task):
        study = StudyParameters(metric=[f"val/{metric.name}"])
        reference = Exact(split.held_out, task)
        found = run_trial(lambda trial, s=study, r=reference: evaluate_on_validation(trial, split, parameters, s, [r]))
        expected = pytest.approx(reference.seen[-1][metric.name], rel=1e-5, abs=TOLERANCE.get(metric.name, 1e-9))
        assert found.values == (expected,)  # noqa: PD011 - no table


def test_a_trial_on_folds_is_judged_by_the_mean_of_exact_figures(splits: dict[str, Split], training: Training) -> None:
    split, parameters = splits["binary"], load_parameters_class(training, "binary", epochs=1)
    turned = Split(split.held_out, split.train, split.preprocessor)
    areas = []
    for each in (split, turned):
        network = evaluate_fold(each, "binary", ThresholdRule(), parameters, []).network
        areas.append(exact.roc_auc_score(each.held_out["target"], predict(network, each.held_out)))
    study = StudyParameters(metric=["val/auc"], folds=2, pruner="none")
    found = run_trial(
        lambda trial: evaluate_on_folds(
            trial, [split, turned], "binary", ThresholdRule(), parameters, study, lambda _: []
        )
    )
    assert found.metrics["val/auc"] == pytest.approx(np.mean(areas), rel=1e-6)
    assert found.values == (found.metrics["val/auc"],)  # noqa: PD011 - no table


def test_one_class_gives_no_figure_and_a_stated_reason(splits: dict[str, Split], training: Training) -> None:
    train, judged, preprocessor = splits["binary"]
    zeros = {name: values[judged["target"] == 0] for name, values in judged.items()}
    parameters = load_parameters_class(training, "binary", epochs=1)
    _, history = train_network(train, zeros, preprocessor, parameters)
    assert history["val/auc"].isna().all()
    study = StudyParameters(metric=["val/auc"])
    with pytest.raises(TrialError, match="val/auc is not defined on these rows: of one class"):
        run_trial(lambda trial: evaluate_on_validation(trial, Split(train, zeros, preprocessor), parameters, study, []))
    with pytest.raises(ScoreError, match="holds only 0, so AUC is undefined: use more rows or a split"):
        evaluate_fold(Split(train, zeros, preprocessor), "binary", ThresholdRule(), parameters, [])


@pytest.mark.parametrize("task", OF_TASK)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_outputs_that_are_not_finite_have_no_figure_and_a_stated_reason(task: str, wrong: float) -> None:
    names = [metric.name for metric in metrics_of(task)]
    outputs = np.full((4, 3 if task == "multiclass" else 1), 0.25, np.float32)
    outputs[2] = wrong
    target = np.array([0, 1, 0, 1])
    assert all(np.isnan(score) for score in score_outputs(names, task, target, outputs).values())
    with pytest.raises(ScoreError, match=r"prediction holds \d values that are not finite, the first in row 2"):
        score_predictions(task, target, class_probability(task, outputs if task == "multiclass" else outputs[:, 0]))
