"""The parameters that every case has: their names, types and ranges."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from casebook.config.schema.by_task import LOSSES, OUTPUTS, training_of
from casebook.config.schema.class_weights import KEY as CLASS_WEIGHTS
from casebook.config.schema.class_weights import number_class_weights
from casebook.config.schema.data import (
    AnyPreprocessing,
    FoldsParameters,
    ImagePreprocessingParameters,
    SplitParameters,
    TabularPreprocessingParameters,
    TextPreprocessingParameters,
    check_statistics,
    read_preprocessing,
)
from casebook.config.schema.deployment import (
    KeepRunsParameters,
    MonitorParameters,
    PredictParameters,
    PromotionParameters,
    UpdateParameters,
)
from casebook.config.schema.evaluation import (
    BoostedTreesParameters,
    EvaluationParameters,
    LogisticImageParameters,
    LogisticTextParameters,
    ReferenceParameters,
    check_member,
    name_reference,
    read_reference,
)
from casebook.config.schema.training import (
    ConvolutionParameters,
    EarlyStoppingParameters,
    EmbeddingParameters,
    EncoderParameters,
    NetworkParameters,
    OptimizerParameters,
    ScheduleParameters,
    TrainingParameters,
)
from casebook.config.schema.tuning import StudyParameters
from casebook.config.schema.types import Labels, Parameters, Resumed, RunId, fault_of_leaf, texts_of_labels
from casebook.config.tree import merge
from casebook.evaluation.metrics import COSTS, LOSS, check_names

__all__ = [
    "ADDED_CONDITIONS",
    "EXECUTION_OPTIONS",
    "FREE_MAPPINGS",
    "NOT_CONDITIONS",
    "USES",
    "AnyPreprocessing",
    "BoostedTreesParameters",
    "CaseParameters",
    "ConvolutionParameters",
    "EarlyStoppingParameters",
    "EmbeddingParameters",
    "EncoderParameters",
    "EvaluationParameters",
    "FoldsParameters",
    "ImagePreprocessingParameters",
    "KeepRunsParameters",
    "LogisticImageParameters",
    "LogisticTextParameters",
    "MonitorParameters",
    "NetworkParameters",
    "OptimizerParameters",
    "Parameters",
    "PredictParameters",
    "PromotionParameters",
    "ReferenceParameters",
    "ScheduleParameters",
    "SplitParameters",
    "StudyParameters",
    "TabularPreprocessingParameters",
    "TextPreprocessingParameters",
    "TrainingParameters",
    "UpdateParameters",
    "read_preprocessing",
    "read_reference",
]

# Mappings whose keys are the user's: a variant states them whole, the command line gives single entries.
FREE_MAPPINGS = frozenset({"encoding", "impute", "clip", "nearest_lower_within", "options", "labels", CLASS_WEIGHTS})
# How a run goes about it, not what it computes: never logged, and no two runs differ by it.
EXECUTION_OPTIONS = frozenset({"resume", "reuse", "from_run", "keep_runs", "engine"})
# What is done with a model once it is trained.
USES = frozenset({"predict", "monitor", "update"})
# What a study's winner does not depend on: how it was found, what becomes of models later, how a run goes about it.
NOT_CONDITIONS = EXECUTION_OPTIONS | USES | {"variant", "variants", "study"}
# Conditions that winners of earlier versions do not state.
ADDED_CONDITIONS = frozenset({"weight"})


class CaseParameters(Parameters):
    """Parameters of every case; a case's own class adds its own and narrows their types."""

    variant: str = "default"
    task: Literal["binary", "multiclass", "regression"]
    target: str
    weight: str = Field(
        default="", description="column of the feature table by which rows count in losses and scores; none: alike"
    )
    labels: Labels = Field(default_factory=dict, description="name of a class in the files -> its number")
    sample: Parameters = Parameters()
    split: SplitParameters = SplitParameters()
    duplicates: Literal["keep", "group", "drop"] = "keep"
    leaks: dict[str, Literal["keep", "drop"]] = Field(default_factory=dict)
    folds: FoldsParameters = FoldsParameters()
    preprocessing: AnyPreprocessing = TabularPreprocessingParameters()
    training: TrainingParameters
    reference: ReferenceParameters
    evaluation: EvaluationParameters = EvaluationParameters()
    profile: Literal["full", "none"] = Field(default="full", description="of the raw tables; none leaves it out")
    figures: Literal["full", "none"] = Field(default="full", description="of the test rows; none leaves them out")
    report: Literal["full", "none"] = Field(default="full", description="the page of the run; none leaves it out")
    study: StudyParameters = StudyParameters()
    resume: Resumed = Field(
        default=False, description="go on with a run that was broken off: its id; true for the newest"
    )
    reuse: bool = Field(default=False, description="skip preprocessing whose files are up to date")
    from_run: RunId = Field(default="", description="id of the run whose files are taken over; the newest finished one")
    keep_runs: KeepRunsParameters = KeepRunsParameters()
    promotion: PromotionParameters = PromotionParameters()
    predict: PredictParameters = PredictParameters()
    monitor: MonitorParameters = MonitorParameters()
    update: UpdateParameters = UpdateParameters()
    variants: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _follow_task_and_modality(cls, tree: Any) -> Any:  # noqa: ANN401 - not checked yet
        if not isinstance(tree, dict):
            return tree
        task, labels = str(tree.get("task")), texts_of_labels(tree.get("labels") or {})
        numbered = {
            name: number_class_weights(tree[name], name, labels if isinstance(labels, dict) else {}, task)
            for name in ("training", "reference")
            if name in tree
        }
        return merge({"training": training_of(task), "reference": name_reference(tree)}, {**tree, **numbered})

    @model_validator(mode="after")
    def _check_together(self) -> CaseParameters:
        output = self.training.network.output
        if output not in OUTPUTS[self.task]:
            allowed = " or ".join(sorted(OUTPUTS[self.task]))
            raise ValueError(f"training.network.output {output} does not fit the task {self.task}: give {allowed}")
        if self.training.target_scale != "none" and self.task != "regression":
            raise ValueError("training.target_scale scales a regression's target; give none")
        if (loss := self.training.loss) not in LOSSES[output]:
            told = f"does not fit the task {self.task} with the output {output}: give {' or '.join(LOSSES[output])}"
            raise fault_of_leaf(loss, told, "training", "loss")
        check_statistics(self.preprocessing, self.task, self.split.validation_on)
        self._check_metrics()
        self._check_ensemble()
        self._check_labels()
        self._check_threshold()
        self._check_class_weights()
        if self.split.strategy == "time" and self.folds.repeats > 1:
            raise ValueError("folds.repeats deals rows anew, and the folds of a split by time are its blocks: give 1")
        watched = self.training.early_stopping
        if watched.patience and watched.metric.startswith("val/") and not self._has_validation():
            raise ValueError(
                f"training.early_stopping watches {watched.metric}, but the split leaves no validation rows"
            )
        if self._refits and self.split.validation_on != "held_out":
            raise ValueError(
                f"{self._refits[0]}.refit trains on the validation rows, and those are {self.split.validation_on} rows "
                f"here; give false, or split.validation_on: held_out"
            )
        return self

    @property
    def _refits(self) -> list[str]:
        return [name for name in ("training", "reference") if getattr(getattr(self, name), "refit", False)]

    def _check_metrics(self) -> None:
        named = {
            "training.metrics": self.training.metrics,
            "study.metric": self.study.metric,
            "promotion.metric": [self.promotion.metric or LOSS],
            "monitor.metric": [self.monitor.metric or LOSS],
        }
        for key, names in named.items():
            try:
                check_names(names, self.task)
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None

    def _check_ensemble(self) -> None:
        training = self.training
        if training.time_budget:
            self.split.require_validation_rows("training.time_budget searches by", "0")
            if not self.study.space.get("training"):
                raise ValueError("training.time_budget searches study.space, which has no leaf below training: give 0")
            measured = [f"val/{name}" for name in ("loss", *training.metrics)]
            judged_by = [name for name in self.study.metric if name not in COSTS][:1]
            if not set(judged_by) <= set(measured):
                raise ValueError(
                    f"training.time_budget searches by {judged_by[0]}, the study.metric, and training measures "
                    f"{', '.join(measured)}: give one of these, or add it to training.metrics"
                )
        elif training.ensemble.networks > 1:
            self.split.require_validation_rows("training.ensemble.networks are weighed by", "1")
        if training.ensemble.reference:
            check_member(self.reference, isinstance(self.preprocessing, TabularPreprocessingParameters))
            self.split.require_validation_rows("training.ensemble.reference is weighed by", "false")

    def _check_labels(self) -> None:
        numbers = set(self.labels.values())
        if self.labels and self.task == "regression":
            raise ValueError("labels name classes, and a regression has none; leave them out")
        if self.labels and (numbers != set(range(len(numbers))) or (self.task == "binary" and len(numbers) != 2)):
            wanted = "0 and 1" if self.task == "binary" else "0, 1 ... up to the last class"
            raise ValueError(f"labels must name the classes {wanted}; these name {sorted(numbers)}")

    def _check_threshold(self) -> None:
        rule = self.evaluation.threshold
        if not isinstance(rule, str):
            return
        chosen = f"evaluation.threshold {rule}"
        if self.task != "binary":
            raise ValueError(f"{chosen} chooses between two classes, and the task is {self.task}: give a number")
        self.split.require_validation_rows(f"{chosen} is chosen on", "a number")
        if self._refits:
            raise ValueError(
                f"{self._refits[0]}.refit trains on the validation rows, on which {chosen} is to be chosen: give "
                "false, or a number"
            )

    def _check_class_weights(self) -> None:
        for place, block in (("training", self.training), ("reference", self.reference)):
            count = len(block.class_weights) if isinstance(block.class_weights, list) else 0
            most = 2 if self.task == "binary" else len(self.labels) or count
            if count > most:
                told = f"has {count} weights, and there are {most} classes"
                raise fault_of_leaf(block.class_weights, told, place, CLASS_WEIGHTS)

    def _has_validation(self) -> bool:
        return self.split.has_validation_rows or self.split.validation_on == "test"
