"""Types of parameter values, and the base class of every block."""

from __future__ import annotations

import re
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from casebook.config.yaml_text import read_value
from casebook.evaluation.metrics import find_metric

Share = Annotated[float, Field(ge=0, lt=1)]
# NumPy, scikit-learn and Keras take seeds of 32 bits.
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Activation = Literal[
    "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "tanh", "swish", "sigmoid", "softmax", "linear"
]
Initializer = Literal[
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal",
    "random_uniform", "random_normal", "zeros",
]  # fmt: skip
Loss = Literal[
    "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy",
    "mse", "mae", "mape", "msle", "pinball",
]  # fmt: skip


class Parameters(BaseModel):
    """A block of parameters: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def fault_of_leaf(value: object, message: str, *keys: str) -> ValidationError:
    """Make the error about one leaf that a check of several blocks together finds."""
    # As a value of the message: braces in it are none of its own.
    fault = PydanticCustomError("together", "{message}", {"message": message})
    return ValidationError.from_exception_data("", [InitErrorDetails(type=fault, loc=keys, input=value)])


def list_from_text(separator: str, *, numbers: bool = False) -> BeforeValidator:
    """Accept a list written as one word, since `--params` is split on commas: 512x256, accuracy+auc.

    Args:
        separator: between the words.
        numbers: whether they are numbers, else texts whatever they look like.
    """

    def split(value: object) -> object:
        if isinstance(value, str):
            words = [word for word in value.split(separator) if word]
            return [read_value(word) for word in words] if numbers else words
        return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value

    return BeforeValidator(split)


def refuse_repeated(names: list[Any]) -> list[Any]:
    """Refuse a list that names something twice.

    Raises:
        ValueError: quotes the first that it names again.
    """
    again = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if again is not None:
        raise ValueError(f"{again} is named twice: name it once")
    return names


def _pair(value: object) -> tuple[object, ...]:
    """Accept two values alone."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("give two quantiles, as in 0.01x0.99")
    return tuple(value)


Widths = Annotated[list[Annotated[int, Field(ge=1, le=65_536)]], list_from_text("x", numbers=True)]
Quantiles = Annotated[tuple[float, float], BeforeValidator(_pair), list_from_text("x", numbers=True)]
Thresholds = Annotated[
    list[Annotated[float, Field(gt=0, lt=1)]], AfterValidator(refuse_repeated), list_from_text("x", numbers=True)
]
Names = Annotated[list[str], AfterValidator(refuse_repeated), list_from_text("+")]


def check_class_weights(value: object) -> object:
    """Accept `none`, `balanced`, or a weight above 0 for each class by its number.

    Raises:
        ValueError: it is something else.
    """
    if value in ("none", "balanced"):
        return value
    numbers = isinstance(value, list) and all(
        isinstance(each, int | float) and each > 0 and isfinite(each) for each in value
    )
    if not value or not numbers or any(isinstance(each, bool) for each in value):  # type: ignore[attr-defined]
        raise ValueError("must be none, balanced, or a number above 0 for each class, as in {No: 1, Yes: 5}")
    return value


ClassWeights = Annotated[str | list[float], BeforeValidator(check_class_weights)]
# Of `casebook.evaluation.metrics`; whether they fit the task is checked with the whole case.
MetricName = Annotated[str, AfterValidator(lambda name: find_metric(name).name)]
Metrics = Annotated[list[MetricName], AfterValidator(refuse_repeated), list_from_text("+")]


def texts_of_labels(value: object) -> object:
    """Write the names of classes as texts: YAML takes 1 for a number, yes, no, true, false, on and off for flags."""
    if not isinstance(value, dict):
        return value
    spelt = {True: ("yes", "true", "on"), False: ("no", "false", "off")}
    return {
        name: number
        for label, number in value.items()
        for name in (spelt[label] if isinstance(label, bool) else (str(label),))
    }


Labels = Annotated[dict[str, Annotated[int, Field(ge=0)]], BeforeValidator(texts_of_labels)]
# An id of digits alone arrives as a number; nothing, as in `resume=`, is the newest run that can be resumed.
RunId = Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, int) and not isinstance(v, bool) else v)]
Resumed = Annotated[bool | RunId, BeforeValidator(lambda v: True if v in ("", None) else v)]

WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")


def _write_labels(labels: Any) -> Any:  # noqa: ANN401
    """Refuse labels whose spelling YAML loses; a whole number stays one."""
    if isinstance(labels, list) and any(label is None or isinstance(label, bool) for label in labels):
        raise ValueError(
            'YAML reads No, Yes, on, off, true and null as values of its own: put labels in quotes, as in ["No", "Yes"]'
        )
    return labels


def split_labels(labels: Any) -> Any:  # noqa: ANN401
    """Accept labels written as one word, since `--params` is split on commas; a whole number stays one."""
    if not isinstance(labels, str):
        return labels
    return [int(label) if WHOLE_NUMBER.fullmatch(label) else label for label in labels.split("+") if label]


# The last one is asked first.
LabelList = Annotated[list[str | int | float], BeforeValidator(_write_labels), BeforeValidator(split_labels)]
