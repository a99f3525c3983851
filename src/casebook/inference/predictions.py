"""Predictions as a table, whose columns state the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from casebook.preprocessing.row_schema import Label

    Task = Literal["binary", "multiclass", "regression"]

# Columns of a table of predictions beside those of the outputs.
NO_OUTPUTS = ("actual", "weight")
# Parameter of a model, and what it may be beside the whole table of predictions, by task.
OUTPUT, ALL = "output", "all"
OUTPUTS = {"binary": ("class", "probability"), "multiclass": ("class", "probability"), "regression": ("prediction",)}


def class_probability(task: str, outputs: np.ndarray) -> np.ndarray:
    """Convert a network's outputs to its task's form: two softmax outputs of a binary task become that of class 1."""
    return outputs[:, 1] if task == "binary" and outputs.ndim == 2 else outputs


def name_outputs(task: str, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Return a model's outputs by column name.

    Returns:
        `probability` of class 1 (binary), `probability_0`, `probability_1` ... (multiclass) or `prediction`.
    """
    values = class_probability(task, outputs)
    if task == "multiclass":
        return {f"probability_{number}": values[:, number] for number in range(values.shape[1])}
    return {"probability" if task == "binary" else "prediction": values}


def check_threshold(task: str, threshold: Any) -> float | None:  # noqa: ANN401 - whatever a caller gives
    """Check the threshold of class 1 that a caller gives; None for the model's own.

    Raises:
        ValueError: it is no number from 0 to 1, or the model has none.
    """
    if threshold is None:
        return None
    if task != "binary":
        raise ValueError("threshold: this model has none, for it does not choose between two classes; leave it out")
    number = isinstance(threshold, int | float | np.integer | np.floating) and not isinstance(threshold, bool)
    # Of NaN no comparison is true.
    if not number or not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be a number from 0 to 1, not {threshold!r}")
    return float(threshold)


def check_output(task: str, output: Any) -> str:  # noqa: ANN401 - whatever a caller gives
    """Check what a caller wants of the predictions; nothing said is all of them.

    Raises:
        ValueError: the model has no such output.
    """
    if output is None or output == ALL:
        return ALL
    if output not in OUTPUTS[task]:
        raise ValueError(f"{OUTPUT} must be one of {', '.join((ALL, *OUTPUTS[task]))}, not {output!r}")
    return str(output)


def select_output(answers: pd.DataFrame, output: str) -> pd.DataFrame | np.ndarray:
    """Select one output of a table of predictions (see `RowModel.predict`).

    Returns:
        The table for `all`, and its columns of probabilities for `probability` of several classes; else the values of
        one column, shape (rows,), as scikit-learn's models give them.
    """
    if output == ALL:
        return answers
    if output in answers:
        values: np.ndarray = np.asarray(answers[output])
        return values
    return answers.drop(columns="class")


def choose_class(task: str, values: np.ndarray, threshold: float) -> np.ndarray:
    """Choose each row's class: 1 where the probability reaches the threshold, of several classes the most probable."""
    classes = values.argmax(axis=1) if task == "multiclass" else values >= threshold
    return classes.astype(np.int64)


def add_class(task: str, outputs: dict[str, np.ndarray], threshold: float) -> dict[str, np.ndarray]:
    """Add `class` to named outputs; a regression has none."""
    if task == "regression":
        return outputs
    values = np.stack(list(outputs.values()), axis=1) if task == "multiclass" else outputs["probability"]
    return {**outputs, "class": choose_class(task, values, threshold)}


def label_answers(task: str, answers: dict[str, np.ndarray], classes: Sequence[Label]) -> dict[str, np.ndarray]:
    """Name classes in named outputs as they are written: the answered ones, and those of the probabilities.

    Args:
        task: binary, multiclass or regression.
        answers: see `name_outputs` and `add_class`.
        classes: labels by class number; none where they are the numbers.
    """
    if not classes:
        return answers
    names = (
        {f"probability_{n}": f"probability_{label}" for n, label in enumerate(classes)} if task == "multiclass" else {}
    )
    labelled = {names.get(name, name): values for name, values in answers.items()}
    return {**labelled, **({"class": label_classes(answers["class"], classes)} if "class" in answers else {})}


def label_classes(numbers: np.ndarray, classes: Sequence[Label]) -> np.ndarray:
    """Replace class numbers by labels: whole numbers, or objects that are texts."""
    whole = all(isinstance(label, int) for label in classes)
    labels: np.ndarray = np.array(classes, dtype=np.int64 if whole else object)[numbers]
    return labels


def label_frame(frame: pd.DataFrame, classes: Sequence[Label]) -> pd.DataFrame:
    """Label a table of predictions and actual values that has class numbers; see `label_answers`."""
    if not classes:
        return frame
    named = label_answers(task_of(frame), {str(name): frame[name].to_numpy() for name in frame}, classes)
    actual = {"actual": label_classes(named["actual"].astype(np.int64), classes)} if "actual" in named else {}
    return pd.DataFrame({**named, **actual}, index=frame.index)


def frame_predictions(
    task: str, outputs: np.ndarray, actual: np.ndarray, weight: np.ndarray | None = None
) -> pd.DataFrame:
    """Build a table of outputs, actual values and weights, a row a row.

    Returns:
        The columns of `name_outputs`, `actual`, and `weight` where rows do not count alike.
    """
    weights = {} if weight is None else {"weight": weight}
    return pd.DataFrame({**name_outputs(task, outputs), "actual": actual, **weights})


def read_predictions(frame: pd.DataFrame) -> np.ndarray:
    """Return the outputs of a table of predictions: (rows,), or (rows, classes) for several classes."""
    columns = [name for name in frame.columns if name not in NO_OUTPUTS]
    values: np.ndarray = frame[columns].to_numpy(np.float64)
    return values if len(columns) > 1 else values[:, 0]


def insert_class(frame: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Insert the predicted class before the actual one; a regression has none.

    Returns:
        The same columns and `class`: 1 where the probability reaches the threshold, of several classes the likeliest.
    """
    task = task_of(frame)
    if task == "regression":
        return frame
    columns = [name for name in frame.columns if name not in NO_OUTPUTS]
    others = [name for name in NO_OUTPUTS if name in frame]
    return frame.assign(**{"class": choose_class(task, read_predictions(frame), threshold)})[
        [*columns, "class", *others]
    ]


def task_of(frame: pd.DataFrame) -> Task:
    """Return the task of a table of predictions, by its columns."""
    if "prediction" in frame:
        return "regression"
    return "binary" if "probability" in frame else "multiclass"
