"""What the estimators have in common: parameters, `fit`, and logging to MLflow."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from casebook.cases.registry import CASES
from casebook.estimators.columns import describe_columns
from casebook.estimators.fitting import LabelledRows, fit_model
from casebook.estimators.inputs import read_rows
from casebook.estimators.settings import choose_settings
from casebook.estimators.trained_model import THRESHOLD
from casebook.evaluation.scores import score_predictions
from casebook.schema_inference.case_files import check_name
from casebook.tracking.console import ProgressBar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow.entities.model_registry import ModelVersion
    from sklearn.utils import Tags

    from casebook.preprocessing.row_schema import Label

MAX_SEED = 2**31 - 1


class TabularEstimator(BaseEstimator):  # type: ignore[misc]
    """What both estimators have; `tabular.TabularClassifier` documents parameters and attributes."""

    def __init__(
        self,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        patience: int | None = None,
        hidden: Sequence[int] | None = None,
        dropout: float | None = None,
        ensemble_size: int | None = None,
        piecewise_linear_bins: int | None = None,
        scaling: str | None = None,
        onehot_width: int | None = None,
        min_frequency: int | None = None,
        validation_share: float = 0.1,
        columns: Mapping[str, Mapping[str, Any]] | None = None,
        parameters: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        """Store the parameters; they are checked by `fit`. None goes by the number of rows."""
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.hidden = hidden
        self.dropout = dropout
        self.ensemble_size = ensemble_size
        self.piecewise_linear_bins = piecewise_linear_bins
        self.scaling = scaling
        self.onehot_width = onehot_width
        self.min_frequency = min_frequency
        self.validation_share = validation_share
        self.columns = columns
        self.parameters = parameters
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: Any,  # noqa: ANN401, N803 - scikit-learn's
        y: Any,  # noqa: ANN401
        *,
        validation_data: tuple[Any, Any] | None = None,
        callbacks: Sequence[Any] = (),
    ) -> Self:
        """Fit preprocessing and network on rows.

        Args:
            X: a data frame of pandas, Polars or the like, or an array.
            y: a label or a number a row.
            validation_data: rows and targets to stop the training by; without them a share of the rows is held out.
            callbacks: Keras's, or any objects with their methods.

        Raises:
            ValueError: a parameter, a column or a target is not allowed; says which.
        """
        frame = read_rows(self, X, reset=True)
        task, target = self._read_training_target(y)
        check_consistent_length(X, target)
        settings = choose_settings(
            type(self).__name__, self.get_params(deep=False), len(frame), task, draw_seed(self.random_state)
        )
        named = hasattr(self, "feature_names_in_")
        columns = describe_columns(frame, self.columns, type(self).__name__, named=named)
        self._names = list(frame.columns)
        self._target = str(getattr(y, "name", None) or "")
        shown = [ProgressBar()] if self.verbose else []
        self._model = fit_model(
            LabelledRows(frame, target), self._read_validation(validation_data), columns.schema, settings,
            [*shown, *callbacks],
        )  # fmt: skip
        self._settings = settings
        self.ignored_columns_ = dict(columns.ignored)
        self.history_ = self._model.history
        self.n_iter_ = len(self.history_)
        return self

    @abstractmethod
    def _read_training_target(self, y: Any) -> tuple[str, np.ndarray]:  # noqa: ANN401
        """Read the target -> the task, and class numbers or numbers."""

    @abstractmethod
    def _number_target(self, y: Any) -> np.ndarray:  # noqa: ANN401
        """Read a target as class numbers or numbers, once fitted."""

    @property
    @abstractmethod
    def _labels(self) -> tuple[Label, ...]:
        """The classes as a logged model holds them."""

    def log_model(
        self,
        name: str,
        *,
        X_test: Any = None,  # noqa: ANN401, N803
        y_test: Any = None,  # noqa: ANN401
        replace_champion: bool = False,
        tracking_uri: str | None = None,
    ) -> ModelVersion:
        """Log the fitted model to MLflow and register it, so that `casebook serve <name>` and `load_champion` find it.

        It becomes the champion where the name has none. Curves, parameters and scores go along; the model needs no code
        of the project.

        Args:
            name: of experiment and registered model: a case of one's own, or a new name.
            X_test: rows that the fit has not seen, to score the model on.
            y_test: their targets.
            replace_champion: whether it takes the place of a champion that is there.
            tracking_uri: MLflow's tracking address; `MLFLOW_TRACKING_URI`, else the project's own store.

        Returns:
            MLflow's version, with its number, tags and aliases.

        Raises:
            ValueError: the name is none for a case or that of one in Python, or an MLflow run is open.
        """
        check_is_fitted(self)
        check_name(name, CASES)
        from casebook.model_registry.frame_models import FrameFit, log_frame_model

        scores: dict[str, float] = {}
        if X_test is not None:
            outputs = stack_outputs(self._predict_outputs(X_test))
            scores = score_predictions(self._model.task, self._number_target(y_test), outputs, THRESHOLD)
        profile = self._model.label_profile(self._labels)
        settings = self._settings.model_dump(mode="json")
        fit = FrameFit(type(self).__name__, settings, self.history_, scores, profile, self._target)
        return log_frame_model(
            self._model.package(self._labels), name, fit, replace_champion=replace_champion, uri=tracking_uri
        )

    def _read_validation(self, rows: tuple[Any, Any] | None) -> LabelledRows | None:
        if rows is None:
            return None
        frame, target = read_rows(self, rows[0], reset=False), self._number_target(rows[1])
        check_consistent_length(frame, target)
        return LabelledRows(frame.set_axis(self._names, axis=1), target)

    def _predict_outputs(self, X: Any) -> dict[str, np.ndarray]:  # noqa: ANN401, N803
        check_is_fitted(self)
        return self._model.predict_outputs(read_rows(self, X, reset=False).set_axis(self._names, axis=1))

    def __sklearn_tags__(self) -> Tags:
        """Say that missing values, texts and categories are taken."""
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        return tags


def stack_outputs(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Stack named outputs: shape (rows,), or (rows, classes) for several classes."""
    return np.column_stack(list(outputs.values())) if len(outputs) > 1 else next(iter(outputs.values()))


def draw_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return a seed: the number that is given, else one that is drawn."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(MAX_SEED))
