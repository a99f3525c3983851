"""An estimator's parameters as the parameters of a case: what is not said goes by the number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError, model_validator

from casebook.cases.size_defaults import choose_defaults
from casebook.config.error_lines import explain_errors
from casebook.config.schema.by_task import TRAINING_OF
from casebook.config.schema.data import TabularPreprocessingParameters, check_statistics
from casebook.config.schema.training import OF_A_RUN, TrainingParameters
from casebook.config.schema.types import Parameters, Share
from casebook.config.tree import overlay, unflatten

if TYPE_CHECKING:
    from collections.abc import Mapping

Checked = TypeVar("Checked", bound=BaseModel)
# An estimator's own names -> the leaves that they stand for.
LEAVES = {
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "learning_rate": "training.optimizer.learning_rate",
    "patience": "training.early_stopping.patience",
    "hidden": "training.network.hidden",
    "dropout": "training.network.dropout",
    "ensemble_size": "training.network.ensemble_size",
    "piecewise_linear_bins": "training.network.piecewise_linear_bins",
    "scaling": "preprocessing.scaling",
    "onehot_width": "preprocessing.onehot_width",
    "min_frequency": "preprocessing.min_frequency",
    "validation_share": "validation_share",
}


class EstimatorSettings(Parameters):
    """What a fit goes by.

    Attributes:
        task: binary, multiclass or regression.
        validation_share: of the rows, held out for early stopping.
        preprocessing: as of a case.
        training: as of a case.
    """

    task: Literal["binary", "multiclass", "regression"]
    validation_share: Share = 0.1
    preprocessing: TabularPreprocessingParameters
    training: TrainingParameters

    @model_validator(mode="after")
    def _check_together(self) -> EstimatorSettings:
        check_statistics(self.preprocessing, self.task)
        for name in sorted(OF_A_RUN):
            if getattr(self.training, name) != TrainingParameters.model_fields[name].default:
                raise ValueError(f"training.{name} is what a run of a case does, and no estimator: leave it out")
        return self


def choose_settings(
    estimator: str, parameters: Mapping[str, Any], rows: int, task: str, seed: int
) -> EstimatorSettings:
    """Put together what is said and what follows from the number of rows.

    Args:
        estimator: what to call it in errors.
        parameters: of the estimator, as `get_params` returns them.
        rows: that it is fitted on.
        task: binary, multiclass or regression.
        seed: of the training.

    Raises:
        ValueError: a value is not allowed; names each.
    """
    defaults = {name: block for name, block in choose_defaults(rows, task).items() if name != "split"}
    said = {leaf: parameters[name] for name, leaf in LEAVES.items() if parameters[name] is not None}
    leaves = {leaf: to_plain(value) for leaf, value in (said | dict(parameters["parameters"] or {})).items()}
    tree = overlay({"task": task, "training": {**TRAINING_OF[task], "seed": seed}}, defaults)
    return validate_parameters(EstimatorSettings, estimator, overlay(tree, unflatten(leaves)))


def validate_parameters(model: type[Checked], estimator: str, tree: Mapping[str, Any]) -> Checked:
    """Check parameters.

    Raises:
        ValueError: some are not allowed; a line for each.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise ValueError("\n".join(explain_errors(model, estimator, error, {}))) from None


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any parameter
    """Make plain values of NumPy's, which a grid is often made of, and lists of tuples."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: to_plain(each) for name, each in value.items()}
    return value
