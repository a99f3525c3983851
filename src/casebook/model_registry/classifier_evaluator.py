"""MLflow's evaluator of classifiers, given a casebook model's classes and probabilities: `evaluators="casebook"`.

MLflow 3.17 asks only models of scikit-learn, XGBoost and CatBoost for probabilities; of any other it reports no area
under a curve and no log loss, and draws no curve. An evaluator of one's own is the extension that it offers for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from mlflow.models.evaluation.evaluators.classifier import ClassifierEvaluator

from casebook.inference.predictions import ALL, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.pyfunc import PyFuncModel

PROBABILITY = "probability"


class CasebookEvaluator(ClassifierEvaluator):
    """All that MLflow measures and draws of a classifier, for models that casebook has logged."""

    name = "casebook"

    def _evaluate(self, model: Any, extra_metrics: Any, custom_artifacts: Any = None, **options: Any) -> Any:  # noqa: ANN401 - MLflow's signature
        """Evaluate a classifier of casebook's; leave any other model to MLflow's own evaluators."""
        if not is_classifier(model):
            return None
        return super()._evaluate(model, extra_metrics, custom_artifacts, **options)

    def _generate_model_predictions(self, model: PyFuncModel, input_df: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Predict rows, and take the classes from the model where the caller names none.

        Returns:
            Classes (rows,) and their probabilities (rows, classes), which MLflow expects in the order of the sorted
            classes.
        """
        answers: Any = model.predict(input_df, params={OUTPUT: ALL})
        classes = classes_of(answers)
        if self.label_list is None:
            self.label_list = classes
        if len(classes) == 2 and self.pos_label is None:
            self.pos_label = classes[1]
        return np.asarray(answers["class"]), order_probabilities(answers, classes)


def is_classifier(model: PyFuncModel | None) -> bool:
    """Test whether a loaded model is a classifier that casebook has logged, by its signature."""
    signature = model.metadata.signature if model is not None and getattr(model, "metadata", None) else None
    if signature is None or signature.params is None or signature.outputs is None:
        return False
    chosen = OUTPUT in [param.name for param in signature.params]
    return chosen and "class" in signature.outputs.input_names()


def classes_of(answers: pd.DataFrame) -> list[Any]:
    """List the classes of a table of predictions in the model's order, the positive one of two last."""
    column = answers["class"]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return list(range(max(2, len(answers.columns) - 1)))


def order_probabilities(answers: pd.DataFrame, classes: Sequence[Any]) -> np.ndarray:
    """Return the probabilities of a table of predictions: (rows, classes), columns in the order of the sorted classes.

    Args:
        answers: see `inference.row_model.RowModel.predict`.
        classes: in the model's order.
    """
    if len(classes) == 2:
        positive = answers[PROBABILITY].to_numpy(np.float64)
        by_class = {classes[0]: 1 - positive, classes[1]: positive}
    else:
        by_class = {label: answers[f"{PROBABILITY}_{label}"].to_numpy(np.float64) for label in classes}
    return np.stack([by_class[label] for label in sorted(classes)], axis=1)
