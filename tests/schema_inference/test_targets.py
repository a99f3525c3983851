"""Targets: task, classes, and what cannot be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.schema_inference.tables import texts

from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.targets import Target, find_target, infer_target, write_rows
from casebook.schema_inference.types import infer_type

if TYPE_CHECKING:
    from casebook.schema_inference.values import ColumnValues


def target_of(column: ColumnValues, task: str | None = None) -> Target:
    return infer_target(column, infer_type(column), task)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["No", "Yes"] * 20, "binary", ("No", "Yes")),
        (["yes"] * 30 + ["no"] * 10, "binary", ("no", "yes")),
        (["bad"] * 10 + ["good"] * 30, "binary", ("good", "bad")),
        (["Oui"] * 30 + ["Non"] * 10, "binary", ("Non", "Oui")),
        (["ja"] * 30 + ["nein"] * 10, "binary", ("nein", "ja")),
        (["Não"] * 10 + ["Sim"] * 30, "binary", ("Não", "Sim")),
        (["Positive"] * 30 + ["Negative"] * 10, "binary", ("Negative", "Positive")),
        (["1", "0"] * 20, "binary", ("0", "1")),
        (["2", "1"] * 20, "binary", ("1", "2")),
        (["b", "c", "a"] * 20, "multiclass", ("a", "b", "c")),
        (["low", "high", "medium"] * 20, "multiclass", ("low", "medium", "high")),
        (["0", "1", "2"] * 20, "multiclass", ("0", "1", "2")),
        ([str(n * n) for n in range(60)], "regression", ()),
        (["0"] * 90 + ["1"] * 9 + ["2"], "regression", ()),
        (["1", "2.5", "3"] * 20, "regression", ()),
    ],
)
def test_task_and_classes_follow_from_the_values(values: list[str], task: str, classes: tuple[str, ...]) -> None:
    found = target_of(texts(values))
    assert (found.task, found.classes) == (task, classes)


def test_what_the_user_says_of_the_task_holds() -> None:
    assert target_of(texts(["0", "1", "2"] * 20), "regression").task == "regression"


def test_classes_of_few_rows_are_named_with_their_number() -> None:
    assert target_of(texts(["a"] * 50 + ["b"] * 40 + ["c"] * 3)).rare == (("c", 3),)


@pytest.mark.parametrize(
    ("values", "name", "task", "told"),
    [
        (["x"] * 9, "left", None, "the target left is constant: it holds 'x' in all 9 rows"),
        ([None] * 9, "left", None, "the target left is constant: it holds nothing"),
        ([f"C{n}" for n in range(30)], "customer", None, r"the target customer is a key: each of its 30 values"),
        ([str(n) for n in range(30)], "row", None, "the target row is a key"),
        ([f"{n // 2}x" for n in range(300)], "label", None, "has 150 different values in 300 rows, more classes"),
        (
            [*map(str, range(50)), "none ", "cheap"],
            "price",
            None,
            "holds texts in 2 of 52 rows, first in data rows 51, 52",
        ),
        (
            ["a", "b"] * 20,
            "y",
            "regression",
            "of a regression holds texts in 40 of 40 rows, first in data rows 1, 2, 3",
        ),
        (["a", "b", "c"] * 20, "y", "binary", "the target y has 3 classes; give --task multiclass"),
        (["a", "b"] * 20, "y", "multiclass", "the target y has 2 classes; give --task binary"),
    ],
)
def test_what_cannot_be_predicted_is_refused(values: list[str | None], name: str, task: str | None, told: str) -> None:
    with pytest.raises(SchemaInferenceError, match=told):
        target_of(texts(values, name), task)


def test_a_target_that_is_not_there_is_told_with_the_nearest_names() -> None:
    with pytest.raises(
        SchemaInferenceError, match=r"no column 'chrun' for the target \(did you mean churn\?\); it has "
    ):
        find_target(["fee", "churn"], "chrun", "a.csv")
    with pytest.raises(SchemaInferenceError, match=r"did you mean Churn\?"):
        find_target(["fee", "Churn"], "churn", "a.csv")


def test_a_class_that_cannot_stand_in_every_part_is_set_aside() -> None:
    column = texts(["a"] * 40 + ["b"] * 30 + ["c"] * 3 + ["d", "e, f"] + [None] * 5, "kind")
    target = target_of(column)
    assert (target.task, target.classes) == ("multiclass", ("a", "b", "c"))
    assert (target.set_aside, target.rare, target.nulls) == ((("d", 1), ("e, f", 1)), (("c", 3),), 5)
    assert write_rows(target.set_aside) == "d 1, 'e, f' 1"
    assert target.column.codes[-7:].tolist() == [-1] * 7
    two = target_of(texts(["a"] * 40 + ["b"] * 30 + ["c"], "kind"))
    assert (two.task, two.classes) == ("binary", ("a", "b"))


def test_of_many_rare_classes_the_first_are_written() -> None:
    assert write_rows([(f"c{number}", 1) for number in range(9)]) == "c0 1, c1 1, c2 1, c3 1 and 5 more"
