"""The parameters that every case has: their names, types and ranges."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

# Mappings whose keys are the user's: a variant states them whole, the command line gives single entries.
FREE_MAPPINGS = frozenset({"encoding", "nulls", "clip", "options"})
UnknownKeys = Literal["refuse", "drop"]
Share = Annotated[float, Field(gt=0, lt=1)]
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
    "mse", "mae", "mape", "msle",
]  # fmt: skip
OPTIMIZER_OPTIONS: dict[str, frozenset[str]] = {
    "sgd": frozenset({"momentum", "nesterov"}),
    "adam": frozenset({"beta_1", "beta_2", "epsilon", "amsgrad"}),
    "adamw": frozenset({"beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"}),
    "adamax": frozenset({"beta_1", "beta_2", "epsilon"}),
    "nadam": frozenset({"beta_1", "beta_2", "epsilon"}),
    "rmsprop": frozenset({"rho", "momentum", "epsilon", "centered"}),
    "adagrad": frozenset({"initial_accumulator_value", "epsilon"}),
    "adadelta": frozenset({"rho", "epsilon"}),
}
OptimizerName = Literal["sgd", "adam", "adamw", "adamax", "nadam", "rmsprop", "adagrad", "adadelta"]


def _list_from_text(separator: str) -> BeforeValidator:
    """Accept a list written as one word, since Kedro splits `--params` on commas: 512x256, accuracy+auc."""

    def split(value: object) -> object:
        if isinstance(value, str):
            words = [word for word in value.split(separator) if word]
            return [float(w) if "." in w else int(w) if w.isdigit() else w for w in words]
        return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value

    return BeforeValidator(split)


Widths = Annotated[list[Annotated[int, Field(ge=1, le=65_536)]], _list_from_text("x")]
Quantiles = Annotated[tuple[float, float], BeforeValidator(lambda v: tuple(v)), _list_from_text("x")]
Metrics = Annotated[list[Literal["accuracy", "auc", "mae", "mse", "mape"]], _list_from_text("+")]


class Parameters(BaseModel):
    """A block of parameters: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SplitParameters(Parameters):
    """How rows are assigned to training, validation and test."""

    strategy: str
    keys: dict[str, str]
    test_share: Share
    validation_share: Share
    seed: Seed

    @model_validator(mode="after")
    def _check_strategy(self) -> SplitParameters:
        strategies = ["row", *self.keys]
        if self.strategy not in strategies:
            raise ValueError(f"strategy {self.strategy!r} does not exist; there are {', '.join(strategies)}")
        return self


class PreparationParameters(Parameters):
    """How feature columns become model arrays."""

    scaling: Literal["none", "standard", "minmax"]
    encoding: dict[str, Literal["number", "onehot", "embedding"]]
    nulls: dict[str, Literal["mean", "median", "mode", "missing"]]
    clip: dict[str, Quantiles]
    min_rows: int = Field(ge=1)

    @field_validator("clip")
    @classmethod
    def _check_quantiles(cls, clip: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for column, (low, high) in clip.items():
            if not 0 <= low < high <= 1:
                raise ValueError(f"{column}: quantiles must rise from 0 to 1, as in 0.01x0.99")
        return clip


class OptimizerParameters(Parameters):
    """The optimiser by name, its learning rate and its own options."""

    name: OptimizerName
    learning_rate: float = Field(gt=0, le=10)
    options: dict[str, float | bool | None] = Field(default_factory=dict, description="null leaves the default")
    clip_norm: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _check_options(self) -> OptimizerParameters:
        for option in self.options:
            if option not in OPTIMIZER_OPTIONS[self.name]:
                allowed = ", ".join(sorted(OPTIMIZER_OPTIONS[self.name]))
                raise ValueError(f"option {option} is not one of {self.name}'s: {allowed}")
        return self


class ScheduleParameters(Parameters):
    """How the learning rate moves over the training, in shares of all steps."""

    name: Literal["constant", "cosine", "linear", "exponential"] = "constant"
    warmup_share: float = Field(default=0.0, ge=0, lt=1)
    final_share: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _check_warmup(self) -> ScheduleParameters:
        if self.warmup_share and self.name in {"linear", "exponential"}:
            raise ValueError(f"warmup_share goes with constant or cosine, not with {self.name}")
        return self


class EarlyStoppingParameters(Parameters):
    """When to stop before the last epoch; `patience` 0 never stops."""

    metric: str = "val/loss"
    patience: int = Field(default=0, ge=0)
    restore_best: bool = True


class EmbeddingParameters(Parameters):
    """The embeddings of the columns encoded so."""

    size: int = Field(default=0, ge=0, description="0 chooses by the number of categories")
    dropout: float = Field(default=0.0, ge=0, lt=1)
    l2: float = Field(default=0.0, ge=0)
    unknown_share: float = Field(default=0.0, ge=0, lt=1, description="share of training values shown as unknown")


class NetworkParameters(Parameters):
    """The network: hidden layers, regularisation and output."""

    hidden: Widths
    activation: Activation = "relu"
    output: Literal["sigmoid", "softmax", "linear"] = "sigmoid"
    initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)
    embedding: EmbeddingParameters = EmbeddingParameters()


class TrainingParameters(Parameters):
    """The network and how it is trained."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    seed: Seed = 0
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    loss: Loss
    metrics: Metrics
    optimizer: OptimizerParameters
    schedule: ScheduleParameters = ScheduleParameters()
    early_stopping: EarlyStoppingParameters = EarlyStoppingParameters()
    network: NetworkParameters

    @model_validator(mode="after")
    def _check_stopping(self) -> TrainingParameters:
        measured = [f"{part}/{name}" for part in ("val", "train") for name in ("loss", *self.metrics)]
        # Keras only warns of a metric that it does not find, and never stops.
        if self.early_stopping.patience and self.early_stopping.metric not in measured:
            raise ValueError(
                f"early_stopping.metric {self.early_stopping.metric!r} is not one of {', '.join(measured)}"
            )
        return self


class ReferenceParameters(Parameters):
    """The strong simple rival on the same rows."""

    max_rows: int = Field(ge=100)
    max_iter: int = Field(ge=1)
    learning_rate: float = Field(gt=0, le=1)
    max_leaf_nodes: int = Field(ge=2)
    min_samples_leaf: int = Field(ge=1)
    l2_regularization: float = Field(ge=0)
    patience: int = Field(ge=1)
    seed: Seed


class EvaluationParameters(Parameters):
    """What is measured besides the metrics."""

    threshold: float = Field(default=0.5, gt=0, lt=1)
    importance_rows: int = Field(default=5000, ge=1)
    importance_repeats: int = Field(default=2, ge=1)
    head_rows: int = Field(default=20, ge=1)


class CaseParameters(Parameters):
    """All parameters that every case has; a case's own class adds its own and narrows the names it knows."""

    variant: str
    task: Literal["binary"]
    target: str
    sample: Parameters
    split: SplitParameters
    preparation: PreparationParameters
    training: TrainingParameters
    reference: ReferenceParameters
    evaluation: EvaluationParameters
    variants: dict[str, dict[str, Any]]
