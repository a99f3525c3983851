"""Parameters of the network and its training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from casebook.config.schema.types import Activation, ClassWeights, Initializer, Loss, Metrics, Parameters, Seed, Widths

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
# Of `training`: what a run does, and neither a trial nor an estimator. What a preset sets stands beside its name.
OF_A_RUN = frozenset({"preset", "ensemble", "time_budget"})
OptimizerName = Literal["sgd", "adam", "adamw", "adamax", "nadam", "rmsprop", "adagrad", "adadelta"]


class OptimizerParameters(Parameters):
    """The optimiser by name, its learning rate and its own options."""

    name: OptimizerName = "adamw"
    learning_rate: float = Field(default=3e-3, gt=0, le=10)
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
    """Learning-rate schedule, in shares of all steps."""

    name: Literal["constant", "cosine", "linear", "exponential"] = "cosine"
    warmup_share: float = Field(default=0.0, ge=0, lt=1)
    final_share: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _check_warmup(self) -> ScheduleParameters:
        if self.warmup_share and self.name in {"linear", "exponential"}:
            raise ValueError(f"warmup_share goes with constant or cosine, not with {self.name}")
        return self


class EarlyStoppingParameters(Parameters):
    """Early stopping; `patience` 0 never stops."""

    metric: str = "val/loss"
    patience: int = Field(default=0, ge=0)
    restore_best: bool = False


class EmbeddingParameters(Parameters):
    """Embeddings of the columns with that encoding."""

    size: int = Field(default=0, ge=0, description="0 chooses by the number of categories")
    dropout: float = Field(default=0.0, ge=0, lt=1)
    l2: float = Field(default=0.0, ge=0)
    category_dropout: float = Field(default=0.0, ge=0, lt=1, description="share of training values masked as unknown")


class ConvolutionParameters(Parameters):
    """A convolution over an image and its pooling."""

    filters: int = Field(ge=1)
    kernel: int = Field(ge=1)
    pool: int = Field(default=1, ge=1, description="1 for no pooling")


class AugmentParameters(Parameters):
    """Augmentation of training images by random shifts (shares of height and width) and rotations (of a full turn)."""

    shift: float = Field(default=0.0, ge=0, lt=1)
    rotate: float = Field(default=0.0, ge=0, lt=1)


class EncoderParameters(Parameters):
    """Encoder of texts: from embedded words to one vector a text."""

    name: Literal["lstm", "gru", "cnn", "average"] = "average"
    units: int = Field(default=100, ge=1)
    kernel: int = Field(default=5, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    ends: int = Field(
        default=0, ge=0, description="of average: so many first and last words are averaged beside all; 0 for none"
    )
    wide_words: int = Field(
        default=0,
        ge=0,
        le=5,
        description="n-grams of up to so many words get weights straight to the output, scaled by naive Bayes; 0: none",
    )
    wide_dropout: float = Field(default=0.0, ge=0, lt=1, description="share of those n-grams left out in training")
    wide_l2: float = Field(default=0.0, ge=0, description="penalty of the squares of those weights")


class NetworkParameters(Parameters):
    """The network: inputs by modality, hidden layers, regularisation and output."""

    hidden: Widths = Field(default=[128, 64])
    activation: Activation = "relu"
    output: Literal["sigmoid", "softmax", "linear"] = "sigmoid"
    initializer: Initializer = "he_uniform"
    bias_initializer: Initializer = "zeros"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)
    embedding: EmbeddingParameters = EmbeddingParameters()
    piecewise_linear_bins: int = Field(
        default=0, ge=0, le=1024, description="bins of the piecewise linear encoding of each number; 0 for none"
    )
    piecewise_linear_edges: Literal["quantiles", "capped_quantiles"] = Field(
        default="quantiles",
        description="of those bins; capped: a value of more rows than a bin holds counts for one bin, so that the "
        "others get bins where most rows hold the same",
    )
    piecewise_linear_keep_numbers: bool = Field(
        default=False, description="whether the numbers are features beside their bins, softly within 3 deviations"
    )
    ensemble_size: int = Field(default=1, ge=1, le=256, description="of an ensemble within the network; 1 for none")
    convolutions: list[ConvolutionParameters] = Field(default_factory=list, description="of images")
    convolution_dropout: float = Field(default=0.0, ge=0, lt=1)
    augment: AugmentParameters = AugmentParameters()
    encoder: EncoderParameters = Field(default=EncoderParameters(), description="of texts")

    @model_validator(mode="after")
    def _check_wide(self) -> NetworkParameters:
        if self.encoder.wide_words and self.ensemble_size > 1:
            raise ValueError(
                f"encoder.wide_words goes with a single network, not with an ensemble_size of {self.ensemble_size}: "
                "give 0 or 1 of either"
            )
        return self


class EnsembleParameters(Parameters):
    """Networks that are trained one after the other, each from the next seed, and averaged."""

    networks: int = Field(
        default=1, ge=1, le=64, description="1 for no ensemble; the weights of more are chosen on the validation rows"
    )
    reference: bool = Field(default=False, description="of a table: whether its boosted trees are averaged with them")

    @property
    def has_weights(self) -> bool:
        """Whether members are weighed, which takes rows that they have not learnt from."""
        return self.networks > 1 or self.reference


class TrainingParameters(Parameters):
    """The network and its training; loss, metrics and output default by the case's task."""

    preset: Literal["quick", "default", "best"] = Field(
        default="default", description="settings by one name, which those that are stated beside it go before"
    )
    epochs: int = Field(default=20, ge=1)
    batch_size: int = Field(default=256, ge=1)
    seed: Seed = 1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    loss: Loss
    quantile: float = Field(default=0.5, gt=0, lt=1, description="of the target, at which the loss pinball aims")
    metrics: Metrics
    class_weights: ClassWeights = Field(
        default="none",
        description="of the rows of each class in the loss alone: none, balanced, or label: weight, which is kept by "
        "class number",
    )
    target_scale: Literal["none", "standard", "log", "auto"] = Field(
        default="none",
        description="in which scale a regression's loss is taken, metrics stay in the target's units; auto: log where "
        "the training target is skewed, never negative, and its logarithm deviates by 1 at most, else standard",
    )
    optimizer: OptimizerParameters = OptimizerParameters()
    schedule: ScheduleParameters = ScheduleParameters()
    early_stopping: EarlyStoppingParameters = EarlyStoppingParameters()
    time_budget: float = Field(
        default=0.0, ge=0, description="minutes of a search of study.space before a run's training; 0 for none"
    )
    refit: bool = Field(default=False, description="train a run's network once more, on the validation rows too")
    network: NetworkParameters = NetworkParameters()
    ensemble: EnsembleParameters = EnsembleParameters()

    @model_validator(mode="after")
    def _check_stopping(self) -> TrainingParameters:
        measured = [f"{part}/{name}" for part in ("val", "train") for name in ("loss", *self.metrics)]
        # Keras only warns of a metric that it does not find, and never stops.
        if self.early_stopping.patience and self.early_stopping.metric not in measured:
            raise ValueError(
                f"early_stopping.metric {self.early_stopping.metric!r} is not one of {', '.join(measured)}"
            )
        return self

    @model_validator(mode="after")
    def _check_quantile(self) -> TrainingParameters:
        middle = TrainingParameters.model_fields["quantile"].default
        if self.quantile != middle and self.loss != "pinball":
            raise ValueError(
                f"quantile {self.quantile} goes with the loss pinball, not with {self.loss}: give {middle} with that"
            )
        return self
