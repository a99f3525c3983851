"""What was typed behind `--params`, and what the parameters make of it."""

from __future__ import annotations

from typing import Any

import pytest

from casebook.config.command_line import CommandLineError, read_parameters
from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.config.tree import look_up


@pytest.fixture(scope="module")
def pima() -> dict[str, Any]:
    return read_case("pima", "base")


def resolve(pima: dict[str, Any], typed: str) -> dict[str, Any]:
    return resolve_case("pima", pima, read_parameters([typed])["pima"])


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("training.seed=010", 10), ("training.seed=0x10", 16), ("training.optimizer.learning_rate=1e-3", 0.001),
        ("study.storage=", ""), ("study.name=2024", "2024"), ("study.name=007", "007"), ("study.name=1e3", "1e3"),
        ("study.name=true", "true"), ("study.name=12:30", "12:30"), ("study.name=on", "on"), ("predict.file=1", "1"),
        ("predict.file=a: b", "a: b"), ("promotion.metric=null", None), ("training.optimizer.clip_norm=", None),
        ("preprocessing.clip.age=0x1", [0.0, 1.0]), ("evaluation.thresholds=0.3x4e-1", [0.3, 0.4]),
        ("predict.file=my #1 file.csv", "my #1 file.csv"), ("predict.file=!new.csv", "!new.csv"),
        ("study.name='a #1'", "a #1"), ("predict.folder=&all x", "&all x"), ("predict.file=#1.csv", "#1.csv"),
        ("training.network.hidden=[8]", [8]), ("preprocessing.columns=", []), ("study.first=default+folds",
         ["default", "folds"]), ("training.refit=true", True), ("training.batch_size= 64 ", 64),
    ],
)  # fmt: skip
def test_a_value_is_read_as_what_its_parameter_asks_for(pima: dict[str, Any], typed: str, value: object) -> None:
    assert look_up(resolve(pima, f"pima.{typed}"), typed.partition("=")[0]) == value


def test_classes_that_are_typed_are_those_of_the_case(pima: dict[str, Any]) -> None:
    resolved = resolve(pima, "pima.data.columns.diabetes.classes=healthy+ill")
    assert resolved["data"]["columns"]["diabetes"]["classes"] == ["healthy", "ill"]
    assert resolved["labels"] == {"healthy": 0, "ill": 1}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("training.epochs=1:30", "training.epochs = '1:30': must be a valid integer"),
        ("training.epochs=1_000", "training.epochs = '1_000': must be a valid integer"),
        ("training.epochs=1e3", "training.epochs = '1e3': must be a valid integer"),
        ("training.epochs=", "training.epochs = '': must be a valid integer"),
        ("training.refit=on", "training.refit = 'on': must be a valid boolean: true or false"),
        ("preprocessing.scaling=yes", "preprocessing.scaling = 'yes': must be 'none', 'standard', 'standard_n"),
        ("study.name=null", "study.name = None: must be a valid string: write it in quotes, an empty one as ''"),
        ("training.epochs=0,study.name=7", "training.epochs = 0: must be greater than or equal to 1"),
        ("preprocessing.columns=age+age", "preprocessing.columns = 'age+age': age is named twice: name it once"),
        ("training.metrics=auc+auc", "training.metrics = 'auc+auc': auc is named twice: name it once"),
        ("study.metric=val/auc+val/auc", "study.metric = 'val/auc+val/auc': val/auc is named twice: name it once"),
        ("evaluation.thresholds=0.5x0.5", "evaluation.thresholds = '0.5x0.5': 0.5 is named twice: name it once"),
        ("study.first=folds+folds", "study.first = 'folds+folds': folds is named twice: name it once"),
        ("update.since=2015-13-45", "update.since = '2015-13-45': give a day of the calendar like 2023-08-26, or ch"),
        ("update.since=2015-02-29", "update.since = '2015-02-29': give a day of the calendar like 2023-08-26, or ch"),
        ("update.since=20150917", "update.since = '20150917': give a day of the calendar like 2023-08-26"),
        ("variant=", "variant: there is no variant ''; there are default, folds"),
        ("variant=null", "variant: there is no variant 'null'; there are default, folds"),
        ("preprocessing.clip.age=true", "preprocessing.clip.age = True: give two quantiles, as in 0.01x0.99"),
        ("preprocessing.clip.age=", "preprocessing.clip.age = '': give two quantiles, as in 0.01x0.99"),
        ("preprocessing.clip.age=0.5", "preprocessing.clip.age = '0.5': give two quantiles, as in 0.01x0.99"),
        ("data=3", "data = 3: must be a valid dictionary"),
        ("data.columns.diabetes.classes=3", "data.columns.diabetes: classes: one class leaves nothing to tell apart"),
        ("task=x", "task = 'x': must be 'binary', 'multiclass' or 'regression'"),
        ("data.columns.age.maximum=0", "data.columns.age: minimum 1 lies above maximum 0: no number is in between"),
        ("training.network.l2=.inf", "training.network.l2 = '.inf': must be a finite number"),
        ("training.class_weights.1=.inf", "training.class_weights = [1.0, inf]: must be none, balanced, or a number"),
        ("training.optimizer.learning_rate=.nan", "training.optimizer.learning_rate = '.nan': must be a finite numb"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line_as_it_was_typed(
    pima: dict[str, Any], typed: str, message: str
) -> None:
    words = ",".join(f"pima.{word}" for word in typed.split(","))
    with pytest.raises(InvalidParametersError) as told:
        resolve(pima, words)
    assert str(told.value).startswith(f"pima.{message}")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["pima.a=5,pima.a=6"], "pima.a is given twice, as 5 and as 6: keep one of them"),
        (["pima.a=5", "pima.a=5"], "pima.a is given twice, as 5 and as 5: keep one of them"),
        (["pima.a=5,pima.a.b=6"], "pima.a=5 and pima.a.b=6 contradict each other: keep one"),
        (["pima.a=1,b"], "`b` must be a key and a value separated by `=`; a list is written as one word: columns=age"),
        (["=5"], "`=5` has no dotted key in front of `=`"),
        (["pima..a=5"], "`pima..a=5` has no dotted key in front of `=`"),
    ],
)
def test_what_names_no_parameter_or_one_twice_is_refused(typed: list[str], message: str) -> None:
    with pytest.raises(CommandLineError) as told:
        read_parameters(typed)
    assert str(told.value).startswith(message)


def test_several_options_are_one_and_plain_values_keep_their_types() -> None:
    tree = read_parameters(["a.b=1,a.c=true", "a.d=010", "x=1e-3"])
    assert tree == {"a": {"b": 1, "c": True, "d": "010"}, "x": "1e-3"}
    assert type(tree["a"]["b"]) is int
