"""Rows and targets as scikit-learn hands them over: frames of any library, arrays, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from casebook.column_types.kinds import COLUMN_TYPES
from casebook.column_types.parsing import refuse_repeated_columns
from casebook.data.data_frames import is_frame, to_pandas
from casebook.data.target_classes import MOST_CLASSES

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from casebook.preprocessing.row_schema import Label


def read_rows(estimator: BaseEstimator, X: Any, *, reset: bool) -> pd.DataFrame:  # noqa: ANN401, N803 - scikit-learn's
    """Read rows into a frame of pandas, whose columns have texts for names.

    Args:
        estimator: whose `n_features_in_` and `feature_names_in_` are set, or compared.
        X: a data frame of any library, or an array of two dimensions.
        reset: whether to set them.

    Raises:
        ValueError: other columns than before, no rows, or infinite numbers in an array.
    """
    if not is_frame(X):
        array = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
        return pd.DataFrame(array, columns=[f"x{place}" for place in range(array.shape[1])]).infer_objects()
    frame = to_pandas(X)
    refuse_repeated_columns(frame.columns, "X")
    validate_data(estimator, frame, reset=reset, skip_check_array=True)
    if not len(frame):
        raise ValueError("X has 0 rows; there is nothing to learn from, or to predict")
    return frame.set_axis(list(map(str, frame.columns)), axis=1)


def read_target(estimator: BaseEstimator, y: Any) -> np.ndarray:  # noqa: ANN401 - scikit-learn's
    """Read a target of one column, shape (rows,).

    Raises:
        ValueError: there is none, or a value is missing or infinite.
    """
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
    target: np.ndarray = column_or_1d(y, warn=True)
    missing = int(pd.isna(target).sum())
    if missing:
        raise ValueError(f"y contains NaN or nothing in {missing} of {len(target)} rows; leave those rows out")
    if target.dtype.kind == "f" and np.isinf(target).any():
        raise ValueError("y contains infinity; leave those rows out")
    return target


def read_numbers(estimator: BaseEstimator, y: Any) -> np.ndarray:  # noqa: ANN401 - scikit-learn's
    """Read the target of a regression as float64; see `read_target`."""
    return read_target(estimator, read_target(estimator, y).astype(np.float64))


def number_classes(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes as they were given, sorted, and the class number of each row.

    Raises:
        ValueError: the labels are no classes, there is one class, or there are too many.
    """
    check_classification_targets(labels)
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y has one class, {classes.tolist()[0]!r}; two classes at least are needed")
    if len(classes) > MOST_CLASSES:
        raise ValueError(f"y has {len(classes)} classes, and {MOST_CLASSES} are the most; a regression may suit it")
    return classes, numbers


def find_numbers(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Find the class number of each label.

    Raises:
        ValueError: a label is none of the classes.
    """
    numbers: np.ndarray = np.asarray(pd.Index(classes).get_indexer(pd.Index(labels)))
    if (numbers < 0).any():
        raise ValueError(
            f"{labels[numbers < 0].tolist()[0]!r} is no class of this estimator; it has {classes.tolist()}"
        )
    return numbers


def write_labels(classes: np.ndarray) -> tuple[Label, ...]:
    """Write classes as a logged model holds them: whole numbers or texts; nothing where they are 0, 1, 2 ..."""
    numbers = classes.dtype.kind in "iuf" and bool((classes == np.rint(classes)).all())
    labels: tuple[Label, ...] = tuple(map(int if numbers else COLUMN_TYPES["category"].read, classes.tolist()))
    return () if labels == tuple(range(len(labels))) else labels
