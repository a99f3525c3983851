"""Parameters that do not go together, and blocks whose kind depends on the case's inputs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from casebook.config.schema import (
    BoostedTreesParameters,
    CaseParameters,
    EvaluationParameters,
    FoldsParameters,
    ImagePreprocessingParameters,
    LogisticImageParameters,
    LogisticTextParameters,
    PredictParameters,
    SplitParameters,
    TabularPreprocessingParameters,
    TextPreprocessingParameters,
    read_preprocessing,
    read_reference,
)
from casebook.config.tree import overlay

TREES = {
    "name": "boosted_trees", "max_iter": 10, "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20,
    "l2_regularization": 0.0, "patience": 5, "seed": 1,
}  # fmt: skip
CASE: dict[str, Any] = {
    "variant": "default",
    "task": "binary",
    "target": "y",
    "sample": {},
    "split": {"strategy": "row", "keys": {"time": "day"}, "seed": 1},
    "preprocessing": {},
    "training": {
        "epochs": 1, "batch_size": 8, "loss": "binary_crossentropy", "metrics": ["accuracy"],
        "optimizer": {"name": "adam", "learning_rate": 0.01}, "network": {},
    },
    "reference": TREES,
    "evaluation": {},
    "variants": {},
}  # fmt: skip
PATIENT = {"patience": 2}
LOSS_OF = {"sigmoid": "binary_crossentropy", "softmax": "sparse_categorical_crossentropy", "linear": "mse"}


def check(**given: object) -> CaseParameters:
    return CaseParameters.model_validate(overlay(CASE, given))


def training(**given: object) -> dict[str, object]:
    return {"training": given}


@pytest.mark.parametrize(
    ("task", "output", "allowed"),
    [
        ("binary", "sigmoid", None), ("binary", "softmax", None), ("binary", "linear", "sigmoid or softmax"),
        ("multiclass", "softmax", None), ("multiclass", "sigmoid", "softmax"), ("multiclass", "linear", "softmax"),
        ("regression", "linear", None), ("regression", "sigmoid", "linear"), ("regression", "softmax", "linear"),
    ],
)  # fmt: skip
def test_the_output_fits_the_task(task: str, output: str, allowed: str | None) -> None:
    metrics = ["mae"] if task == "regression" else ["accuracy"]
    given = {"task": task, **training(network={"output": output}, metrics=metrics, loss=LOSS_OF[output])}
    if allowed is None:
        assert check(**given).training.network.output == output
    else:
        message = f"training.network.output {output} does not fit the task {task}: give {allowed}$"
        with pytest.raises(ValidationError, match=message.replace("$", r" \[type=")):
            check(**given)


def test_target_statistics_are_of_a_target_that_has_a_mean() -> None:
    encoding = {"preprocessing": {"encoding": {"shop": "ordered_target"}}}
    assert check(**encoding).preprocessing.target_prior_rows == 1
    classes = {"task": "multiclass", **training(network={"output": "softmax"}, loss=LOSS_OF["softmax"])}
    message = r"preprocessing\.encoding\.shop: ordered_target is the mean of a target, and the task multiclass has none"
    with pytest.raises(ValidationError, match=message):
        check(**classes, **encoding)


def test_target_statistics_tell_no_validation_row_its_own_target() -> None:
    encoding = {"preprocessing": {"encoding": {"shop": "ordered_target"}}}
    with pytest.raises(ValidationError, match=r"encoding\.shop: ordered_target would tell validation rows their own"):
        check(**encoding, split={"validation_on": "training"})
    assert check(split={"validation_on": "training"}).split.validation_on == "training"


@pytest.mark.parametrize(
    ("split", "key"),
    [("row", ""), ("none", ""), ("given", ""), ("time", "day"), ("person", "id")],
)
def test_the_key_of_a_split_is_what_it_keeps_on_one_side(split: str, key: str) -> None:
    keys = {"time": "day", "person": "id", "given": "part"}
    assert SplitParameters(strategy=split, keys=keys, test_days=3).key == key


@pytest.mark.parametrize(
    ("task", "output", "loss", "allowed"),
    [
        ("binary", "sigmoid", "sparse_categorical_crossentropy", "binary_crossentropy or mse or mae"),
        ("binary", "sigmoid", "pinball", "binary_crossentropy or mse or mae"),
        ("binary", "softmax", "binary_crossentropy", "sparse_categorical_crossentropy"),
        # Targets are class numbers, not indicators.
        ("multiclass", "softmax", "categorical_crossentropy", "sparse_categorical_crossentropy"),
        ("multiclass", "softmax", "mse", "sparse_categorical_crossentropy"),
        ("regression", "linear", "binary_crossentropy", "mse or mae or mape or msle or pinball"),
    ],
)
def test_a_loss_of_another_task_is_refused_with_those_of_this_one(
    task: str, output: str, loss: str, allowed: str
) -> None:
    metrics = ["mae"] if task == "regression" else ["accuracy"]
    given = {"task": task, **training(network={"output": output}, metrics=metrics)}
    message = f"does not fit the task {task} with the output {output}: give {allowed} "
    with pytest.raises(ValidationError, match=message) as raised:
        check(**overlay(given, training(loss=loss)))
    assert raised.value.errors()[0]["loc"] == ("training", "loss")
    for fitting in allowed.split(" or "):
        assert check(**overlay(given, training(loss=fitting))).training.loss == fitting


@pytest.mark.parametrize(("task", "output"), [("binary", "sigmoid"), ("multiclass", "softmax")])
def test_classes_have_no_scale(task: str, output: str) -> None:
    with pytest.raises(ValidationError, match=r"training\.target_scale scales a regression's target; give none"):
        check(task=task, **training(target_scale="log", network={"output": output}))


def test_a_regressions_target_may_be_scaled() -> None:
    for scale in ("none", "standard", "log"):
        given = training(target_scale=scale, loss="mse", metrics=["mae"], network={"output": "linear"})
        assert check(task="regression", **given).training.target_scale == scale


@pytest.mark.parametrize(
    "split",
    [
        {"validation_share": 0.0},
        {"strategy": "none", "validation_share": 0.0},
        {"validation_share": 0.0, "validation_on": "training"},
    ],
)
def test_early_stopping_needs_the_validation_rows_that_it_watches(split: dict[str, object]) -> None:
    message = r"training\.early_stopping watches val/loss, but the split leaves no validation rows"
    with pytest.raises(ValidationError, match=message):
        check(split=split, **training(early_stopping=PATIENT))
    assert check(split=split).training.early_stopping.patience == 0
    on_training = training(early_stopping={**PATIENT, "metric": "train/loss"})
    assert check(split=split, **on_training).training.early_stopping.patience == 2


@pytest.mark.parametrize(
    "split",
    [
        {},
        {"validation_share": 0.0, "validation_on": "test"},
        {"validation_share": 0.2, "validation_on": "training"},
        {"strategy": "time", "test_days": 7, "validation_days": 3, "validation_share": 0.0},
    ],
)
def test_early_stopping_may_watch_validation_rows_of_any_kind(split: dict[str, object]) -> None:
    assert check(split=split, **training(early_stopping=PATIENT)).training.early_stopping.patience == 2


@pytest.mark.parametrize("rows", ["test", "training"])
@pytest.mark.parametrize("refit", ["training", "reference"])
def test_a_refit_on_rows_of_another_part_is_refused(refit: str, rows: str) -> None:
    given = training(refit=True) if refit == "training" else {"reference": {"refit": True}}
    message = rf"{refit}\.refit trains on the validation rows, and those are {rows} rows here; give false, or split"
    with pytest.raises(ValidationError, match=message):
        check(split={"validation_share": 0.2, "validation_on": rows}, **given)
    found = check(split={"validation_share": 0.2}, **given)
    assert getattr(found, refit).refit


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": "regression", "training": {"network": {"output": "linear"}, "loss": "mse", "metrics": ["mae"]}},
         "threshold f1 chooses between two classes, and the task is regression: give a number"),
        ({"split": {"validation_share": 0.0}}, "in this split those are none: give split.validation_share above 0"),
        ({"split": {"validation_on": "test"}}, "in this split those are test rows"),
        ({"split": {"validation_on": "training"}}, "in this split those are training rows"),
        ({"training": {"refit": True}}, "training.refit trains on the validation rows, on which evaluation.threshold"),
        ({"reference": {"refit": True}}, "reference.refit trains on the validation rows"),
    ],
)  # fmt: skip
def test_a_threshold_is_chosen_on_rows_that_nothing_else_uses(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        check(evaluation={"threshold": "f1"}, **given)
    assert check(evaluation={"threshold": "f1"}).evaluation.threshold == "f1"
    assert check(evaluation={"threshold": 0.4}, **given).evaluation.threshold == 0.4


@pytest.mark.parametrize("threshold", [0.0, 1.0, "F1", True])
def test_a_threshold_is_a_number_between_0_and_1_or_a_rule(threshold: object) -> None:
    with pytest.raises(ValidationError):
        EvaluationParameters.model_validate({"threshold": threshold})


def test_one_fold_is_refused() -> None:
    for count in (0, 2, 10):
        assert FoldsParameters(count=count).count == count
    with pytest.raises(ValidationError, match="one fold leaves nothing to train on; give 0 for none, or at least 2"):
        FoldsParameters(count=1)


def test_a_split_by_time_needs_its_days() -> None:
    with pytest.raises(ValidationError, match="strategy time holds out the last days: give test_days of at least 1"):
        SplitParameters(strategy="time", keys={"time": "day"}, seed=1)
    with pytest.raises(ValidationError, match="strategy 'time' does not exist; there are row, none, store"):
        SplitParameters(strategy="time", keys={"store": "store"}, test_days=3, seed=1)


@pytest.mark.parametrize(
    ("block", "values", "message"),
    [
        ("duplicates", "merge", "Input should be 'keep', 'group' or 'drop'"),
        ("leaks", {"duration": "hide"}, "Input should be 'keep' or 'drop'"),
        ("folds", {"of": "test"}, "Input should be 'training' or 'all'"),
        ("folds", {"repeats": 0}, "greater than or equal to 1"),
        ("split", {"validation_on": "train"}, "Input should be 'held_out', 'test' or 'training'"),
        ("split", {"test_days": -1}, "greater than or equal to 0"),
        ("evaluation", {"thresholds": [0.5, 1.0]}, "less than 1"),
        ("preprocessing", {"drop_first": 1}, "valid boolean"),
        ("reference", {"name": "boosted"}, "'boosted_trees', 'logistic_image', 'logistic_text'"),
    ],
)
def test_a_value_that_a_block_does_not_know_is_refused(block: str, values: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        check(**{block: values})


def test_what_is_not_given_does_nothing() -> None:
    found = check()
    assert (found.duplicates, found.leaks, found.folds.count) == ("keep", {}, 0)
    assert found.split.validation_on == "held_out"
    assert not found.preprocessing.drop_first


@pytest.mark.parametrize(("word", "values"), [("0.4x0.6", [0.4, 0.6]), (0.6, [0.6]), ([0.1], [0.1]), ([], [])])
def test_thresholds_can_be_written_as_one_word(word: object, values: list[float]) -> None:
    assert EvaluationParameters.model_validate({"thresholds": word}).thresholds == values


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({}, TabularPreprocessingParameters()),
        ({"scaling": "minmax", "drop_first": True}, TabularPreprocessingParameters(scaling="minmax", drop_first=True)),
        ({"modality": "columns", "min_frequency": 3}, TabularPreprocessingParameters(min_frequency=3)),
        ({"modality": "image", "scale": 127.5}, ImagePreprocessingParameters(modality="image", scale=127.5)),
        (
            {"modality": "text", "vocabulary": 50, "length": 9},
            TextPreprocessingParameters(modality="text", vocabulary=50, length=9),
        ),
    ],
)
def test_preprocessing_is_read_by_its_modality_and_checked_again_from_its_own_values(
    block: dict[str, Any], expected: object
) -> None:
    kept = dict(block)
    assert read_preprocessing(block) == expected
    assert block == kept
    # Nodes get the checked block as plain values.
    assert read_preprocessing(read_preprocessing(block).model_dump(mode="json")) == expected


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"modality": "image", "scale": 0.0}, r"image\.scale\n.*greater than 0"),
        ({"modality": "text", "vocabulary": 2}, r"text\.vocabulary\n.*greater than or equal to 3"),
        ({"modality": "text", "scaling": "none"}, r"text\.scaling\n.*Extra inputs"),
        ({"scale": 255.0}, r"columns\.scale\n.*Extra inputs"),
        ({"modality": "sound"}, "modality must be columns, image or text"),
    ],
)
def test_preprocessing_of_no_modality_is_refused(block: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_preprocessing(block)


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (TREES, BoostedTreesParameters),
        ({"name": "logistic_image", "seed": 1}, LogisticImageParameters),
        ({"name": "logistic_text", "seed": 1, "c": 3.0}, LogisticTextParameters),
    ],
)
def test_a_reference_is_read_by_its_name(block: dict[str, Any], kind: type) -> None:
    found = read_reference(block)
    assert type(found) is kind
    assert read_reference(found.model_dump(mode="json")) == found


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"name": "forest", "seed": 1}, "with a name: 'boosted_trees', 'logistic_image', 'logistic_text', or 'none'"),
        ({"seed": 1}, "with a name:"),
        ({"name": "none", "max_iter": 10, "depth": 3, "seed": 1}, "Extra inputs are not permitted"),
        ({"name": "logistic_text", "seed": 1, "max_leaf_nodes": 3}, "Extra inputs are not permitted"),
    ],
)
def test_a_reference_that_there_is_not_is_refused(block: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_reference(block)


def test_rows_to_predict_come_from_a_file_or_a_folder() -> None:
    assert PredictParameters(folder="inbox/*.csv").folder == "inbox/*.csv"
    with pytest.raises(ValidationError, match="file and folder are given: rows come from one of them"):
        PredictParameters(file="a.csv", folder="inbox")


def test_folds_of_a_split_by_time_have_one_order() -> None:
    by_time = {"strategy": "time", "test_days": 1}
    assert check(split=by_time, folds={"count": 3}).folds.repeats == 1
    with pytest.raises(ValidationError, match="folds of a split by time are its blocks: give 1"):
        check(split=by_time, folds={"count": 3, "repeats": 2})
