"""The estimators: scikit-learn's interface to the project's preprocessing, network and row model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from casebook.estimators.inputs import find_numbers, number_classes, read_numbers, read_target, write_labels
from casebook.estimators.tabular_estimator import TabularEstimator, stack_outputs
from casebook.estimators.trained_model import THRESHOLD
from casebook.inference.predictions import choose_class

if TYPE_CHECKING:
    from casebook.preprocessing.row_schema import Label


class TabularClassifier(ClassifierMixin, TabularEstimator):  # type: ignore[misc]
    """A network of the project as a classifier of scikit-learn.

    Columns of numbers, texts, categories, booleans, dates and free text are taken as they are, missing values too; what
    a column is, is inferred as `casebook init` does. Constants, empty columns and keys are left out, which
    `ignored_columns_` says. What is None goes by the number of rows.

    Args:
        epochs: passes over the rows at most.
        batch_size: rows a step.
        learning_rate: of AdamW, at the beginning.
        patience: epochs without progress on the validation rows after which training stops; 0 for never.
        hidden: widths of the hidden layers.
        dropout: share of units masked in training.
        ensemble_size: members of an ensemble within the network; 1 for none.
        piecewise_linear_bins: bins of the piecewise linear encoding of numbers; 0 for none.
        scaling: of numbers: standard_numbers, standard (indicators of categories too), minmax or none.
        onehot_width: categories up to which a column is one-hot; more are embedded; 0 for no limit.
        min_frequency: rows that an embedded category needs to be one of its own.
        validation_share: of the rows given to `fit`, held out to stop by, of each class alike; 0 for none, and with
            fewer than 10 such rows none are.
        columns: by name what a column is, with the keys of `data.columns` of a declared case, as in
            `{"size": {"type": "ordinal", "order": ["S", "M", "L"]}, "zip": {"type": "category"}}`.
        parameters: further parameters of a case by dotted name, as in `{"training.network.activation": "gelu"}`.
        random_state: seed of the held-out rows and the training; the same gives the same network.
        verbose: 1 shows a progress bar.

    Attributes:
        classes_: as they were given, sorted.
        n_features_in_: columns of X.
        feature_names_in_: their names, where all are texts.
        n_iter_: epochs that were trained.
        history_: a row an epoch: `train/loss`, `val/loss` and metrics.
        ignored_columns_: columns that are no features, with the reason.
    """

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: ANN401, N803
        """Predict the probability of each class, shape (rows, classes)."""
        outputs = stack_outputs(self._predict_outputs(X))
        return np.column_stack([1 - outputs, outputs]) if outputs.ndim == 1 else outputs

    def predict(self, X: Any) -> np.ndarray:  # noqa: ANN401, N803
        """Predict the label of the likeliest class, shape (rows,)."""
        probabilities = self.predict_proba(X)
        binary = len(self.classes_) == 2
        values = probabilities[:, 1] if binary else probabilities
        labels: np.ndarray = self.classes_[choose_class("binary" if binary else "multiclass", values, THRESHOLD)]
        return labels

    def _read_training_target(self, y: Any) -> tuple[str, np.ndarray]:  # noqa: ANN401
        self.classes_, numbers = number_classes(read_target(self, y))
        return "binary" if len(self.classes_) == 2 else "multiclass", numbers

    def _number_target(self, y: Any) -> np.ndarray:  # noqa: ANN401
        return find_numbers(read_target(self, y), self.classes_)

    @property
    def _labels(self) -> tuple[Label, ...]:
        return write_labels(self.classes_)


class TabularRegressor(RegressorMixin, TabularEstimator):  # type: ignore[misc]
    """A network of the project as a regressor of scikit-learn.

    Parameters and attributes are those of `TabularClassifier`, without `classes_`. A skewed target that is never
    negative is learnt in logarithms, unless they deviate by more than 1.
    """

    def predict(self, X: Any) -> np.ndarray:  # noqa: ANN401, N803
        """Predict numbers, shape (rows,)."""
        return self._predict_outputs(X)["prediction"]

    def _read_training_target(self, y: Any) -> tuple[str, np.ndarray]:  # noqa: ANN401
        return "regression", self._number_target(y)

    def _number_target(self, y: Any) -> np.ndarray:  # noqa: ANN401
        return read_numbers(self, y)

    @property
    def _labels(self) -> tuple[Label, ...]:
        return ()
