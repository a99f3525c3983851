"""Parameters of the evaluation and of the reference models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter, model_validator

from casebook.config.schema.types import ClassWeights, Parameters, Seed, Thresholds
from casebook.config.tree import look_up

# Name of a reference that is left out.
NONE = "none"
REFERENCE_OF = {"columns": "boosted_trees", "image": "logistic_image", "text": "logistic_text"}

# Of a regression; both sets are LGBM_TD of pytabkit 1.8.0 (arXiv 2407.04491), tuned over 118 data sets, but for its
# patience of 300: 50 kept the same trees on all that were tried, in a third of the time.
REGRESSION_TREES = {"learning_rate": 0.05, "max_leaf_nodes": 100, "min_samples_leaf": 3, "subsample": 0.7}


class BoostedTreesParameters(Parameters):
    """The reference of tables: LightGBM on the same rows and columns, stopped early by the validation rows."""

    name: Literal["boosted_trees", "none"] = "boosted_trees"
    max_rows: int = Field(default=500_000, ge=100)
    max_iter: int = Field(default=1000, ge=1)
    learning_rate: float = Field(default=0.04, gt=0, le=1)
    max_leaf_nodes: int = Field(default=50, ge=2, le=131_072)
    min_samples_leaf: int = Field(default=40, ge=1)
    subsample: float = Field(default=0.75, gt=0, le=1, description="share of the rows that each iteration draws")
    l2_regularization: float = Field(default=0.0, ge=0)
    patience: int = Field(default=50, ge=1)
    refit: bool = Field(default=False, description="fit once more, on the validation rows too")
    target_scale: Literal["none", "log"] = "none"
    class_weights: ClassWeights = Field(default="none", description="as `training.class_weights`")
    seed: Seed = 1


class LogisticImageParameters(Parameters):
    """The reference of images: logistic regression on the pixels."""

    name: Literal["logistic_image", "none"]
    max_rows: int = Field(default=20_000, ge=100)
    c: float = Field(default=1.0, gt=0, description="inverse strength of the penalty")
    max_iter: int = Field(default=100, ge=1)
    class_weights: ClassWeights = Field(default="none", description="as `training.class_weights`")
    seed: Seed = 1


class LogisticTextParameters(Parameters):
    """The reference of texts: logistic regression on the TF-IDF of words and pairs of words."""

    name: Literal["logistic_text", "none"]
    max_rows: int = Field(default=500_000, ge=100)
    max_features: int = Field(default=200_000, ge=10)
    c: float = Field(default=1.0, gt=0, description="inverse strength of the penalty")
    max_iter: int = Field(default=100, ge=1)
    class_weights: ClassWeights = Field(default="none", description="as `training.class_weights`")
    seed: Seed = 1


def choose_reference(block: Any) -> Any:  # noqa: ANN401 - a block of parameters, not checked yet
    """Determine the kind of reference of a block; one that is left out still has the keys of its kind."""
    if isinstance(block, Parameters):
        block = block.model_dump()
    if not isinstance(block, dict):
        return None
    if block.get("name") != NONE:
        return block.get("name")
    return "logistic_text" if "max_features" in block else "logistic_image" if "c" in block else "boosted_trees"


ReferenceParameters = Annotated[
    Annotated[BoostedTreesParameters, Tag("boosted_trees")]
    | Annotated[LogisticImageParameters, Tag("logistic_image")]
    | Annotated[LogisticTextParameters, Tag("logistic_text")],
    Discriminator(
        choose_reference,
        custom_error_type="reference_name",
        custom_error_message="Input should be a block with a name: 'boosted_trees', 'logistic_image', "
        "'logistic_text', or 'none' to leave it out",
    ),
]


def read_reference(block: dict[str, Any]) -> BoostedTreesParameters | LogisticImageParameters | LogisticTextParameters:
    """Parse a `reference` block of whichever reference a case has."""
    checked: BoostedTreesParameters | LogisticImageParameters | LogisticTextParameters
    checked = TypeAdapter(ReferenceParameters).validate_python(block)
    return checked


def check_member(reference: Parameters, of_table: bool) -> None:
    """Refuse a reference that cannot be averaged with the network, for `training.ensemble.reference`."""
    if not of_table or not isinstance(reference, BoostedTreesParameters):
        raise ValueError(
            "training.ensemble.reference averages a table's boosted trees with its network; the references of images "
            "and texts take other inputs than the network: give false"
        )
    if reference.name == NONE:
        raise ValueError(
            "training.ensemble.reference averages the reference with the network, and reference.name is none: give "
            f"{REFERENCE_OF['columns']} there, or false here"
        )


class CostParameters(Parameters):
    """Costs of wrong classes, by which `evaluation.threshold: cost` chooses."""

    false_positive: float = Field(default=1.0, gt=0, description="of a row of class 0 that is predicted as 1")
    false_negative: float = Field(default=1.0, gt=0, description="of a row of class 1 that is predicted as 0")


def name_reference(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the kind of reference of a case's modality, and what it has by task."""
    modality = look_up(tree, "preprocessing.modality", "columns")
    name = REFERENCE_OF.get(str(modality), REFERENCE_OF["columns"])
    by_task = REGRESSION_TREES if (name, tree.get("task")) == ("boosted_trees", "regression") else {}
    return {"name": name, **by_task}


class EvaluationParameters(Parameters):
    """Parameters of thresholds, permutation importance and example rows."""

    threshold: Annotated[float, Field(gt=0, lt=1)] | Literal["f1", "cost", "prevalence"] = Field(
        default=0.5,
        description="of class 1: a number, or the rule by which it is chosen on the validation rows: the greatest F1, "
        "the least cost, or as many rows predicted as there are",
    )
    costs: CostParameters = CostParameters()
    thresholds: Thresholds = Field(default_factory=list, description="further ones, each with its own confusion counts")
    importance_rows: int = Field(default=5000, ge=1)
    importance_repeats: int = Field(default=2, ge=1)
    head_rows: int = Field(default=20, ge=1)

    @model_validator(mode="after")
    def _check_costs(self) -> EvaluationParameters:
        if self.costs != CostParameters() and self.threshold != "cost":
            raise ValueError(f"costs go with threshold cost, not with {self.threshold}: leave them out, or give cost")
        return self
