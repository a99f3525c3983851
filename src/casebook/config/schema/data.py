"""Parameters of the data: split, folds and preprocessing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PositiveInt, Tag, TypeAdapter, field_validator, model_validator

from casebook.config.schema.types import Names, Parameters, Quantiles, Seed, Share

ANY_CASE = ("row", "none")


class SplitParameters(Parameters):
    """Assignment of rows to training, validation and test.

    Strategies: `row` at random; `none` holds nothing out, so that every row is training and test row at once; `time`
    holds out the last days; `given` is the data set's own test part; every other name is one of a key, of which no
    value is on two sides.
    """

    strategy: str = "row"
    keys: dict[str, str] = Field(default_factory=dict, description="strategy -> column of the feature table")
    test_share: Share = 0.2
    validation_share: Share = Field(default=0.1, description="of what the test leaves; 0 for none")
    validation_on: Literal["held_out", "test", "training"] = "held_out"
    test_days: int = Field(default=0, ge=0)
    validation_days: int = Field(default=0, ge=0)
    promotion_share: Share = Field(default=0.05, description="of the keys, held back from every run; see `promotion`")
    stratify: bool = Field(
        default=False, description="deal out each class alike: to the parts of a split by row, and to folds"
    )
    seed: Seed = 2018

    @property
    def has_validation_rows(self) -> bool:
        """Return whether validation has rows of its own."""
        return self.validation_share > 0 or self.validation_days > 0

    @property
    def key(self) -> str:
        """Return the column of what is kept on one side; empty where each row is by itself."""
        return "" if self.strategy in {*ANY_CASE, "given"} else self.keys[self.strategy]

    def require_validation_rows(self, what: str, instead: str) -> None:
        """Refuse what goes by validation rows where there are none of its own.

        Args:
            what: the key and what it does `by`, to be followed by these words.
            instead: the value that needs none.
        """
        if not self.has_validation_rows or self.validation_on != "held_out":
            lack = f"are {self.validation_on} rows" if self.has_validation_rows else "are none"
            raise ValueError(
                f"{what} validation rows, and in this split those {lack}: give split.validation_share above 0 with "
                f"split.validation_on: held_out, or {instead}"
            )

    @model_validator(mode="after")
    def _check_strategy(self) -> SplitParameters:
        strategies = [*ANY_CASE, *self.keys]
        if self.strategy not in strategies:
            raise ValueError(f"strategy {self.strategy!r} does not exist; there are {', '.join(strategies)}")
        if self.strategy == "time" and not self.test_days:
            raise ValueError("strategy time holds out the last days: give test_days of at least 1")
        return self


class FoldsParameters(Parameters):
    """Cross-validation in addition to the run; 0 folds for none."""

    count: int = Field(default=0, ge=0)
    repeats: int = Field(default=1, ge=1)
    of: Literal["training", "all"] = "training"

    @field_validator("count")
    @classmethod
    def _check_count(cls, count: int) -> int:
        if count == 1:
            raise ValueError("one fold leaves nothing to train on; give 0 for none, or at least 2")
        return count


class TabularPreprocessingParameters(Parameters):
    """Preprocessing of feature columns into model arrays."""

    modality: Literal["columns"] = "columns"
    scaling: Literal["none", "standard", "standard_numbers", "minmax"] = Field(
        default="standard", description="of all dense features, or of numbers alone: indicators then stay 0 and 1"
    )
    columns: Names = Field(default_factory=list, description="feature columns used; none named means all")
    encoding: dict[str, Literal["number", "onehot", "embedding", "ordered_target"]] = Field(
        default_factory=dict,
        description="ordered_target: the mean target of the category, of a training row by the rows of other keys of "
        "the split before it",
    )
    target_prior_rows: float = Field(
        default=1.0, gt=0, description="of ordered_target: as many rows the mean target of all rows counts for"
    )
    onehot_width: int = Field(
        default=0, ge=0, description="of the categories in the training rows; columns of more are embedded; 0: no limit"
    )
    impute: dict[str, Literal["mean", "median", "mode", "missing"]] = Field(default_factory=dict)
    clip: dict[str, Quantiles] = Field(default_factory=dict)
    skewed: Literal["keep", "log"] = Field(
        default="keep", description="numbers of a long tail in the training rows: as they are, or as their logarithms"
    )
    time_index: Literal["keep", "drop"] = Field(
        default="keep",
        description="features of a declared case that tell when a row was (a date's year, quarter, month and week, "
        "numbers that grow with the time), where the split is by time and the training rows cover less than two years",
    )
    min_frequency: int = Field(default=1, ge=1)
    nearest_lower_within: dict[str, PositiveInt] = Field(
        default_factory=dict, description="unknown numbers count as the nearest smaller known one of the same so many"
    )
    drop_first: bool = Field(default=False, description="leave out the first category of each one-hot column")

    @field_validator("clip")
    @classmethod
    def _check_quantiles(cls, clip: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for column, (low, high) in clip.items():
            if not 0 <= low < high <= 1:
                raise ValueError(f"{column}: quantiles must rise from 0 to 1, as in 0.01x0.99")
        return clip


def check_statistics(preprocessing: Any, task: str, validation_on: str = "held_out") -> None:  # noqa: ANN401 - of any modality
    """Refuse target statistics of several classes, whose mean says nothing, and where training rows are validated on.

    Raises:
        ValueError: names the first such column.
    """
    for column, encoding in getattr(preprocessing, "encoding", {}).items():
        if encoding == "ordered_target" and task == "multiclass":
            raise ValueError(
                f"preprocessing.encoding.{column}: ordered_target is the mean of a target, and the task {task} has "
                "none: give onehot or embedding"
            )
        # As validation rows they are encoded by the statistics of all training rows, their own targets among them.
        if encoding == "ordered_target" and validation_on == "training":
            raise ValueError(
                f"preprocessing.encoding.{column}: ordered_target would tell validation rows their own target where "
                "split.validation_on is training: give held_out, or onehot or embedding"
            )


class ImagePreprocessingParameters(Parameters):
    """Preprocessing of images into model arrays: pixels are divided by `scale` inside the network."""

    modality: Literal["image"] = "image"
    scale: float = Field(default=255.0, gt=0)


class TextPreprocessingParameters(Parameters):
    """Preprocessing of texts: the most frequent words of the training texts, the last ones of each text."""

    modality: Literal["text"] = "text"
    vocabulary: int = Field(default=5000, ge=3)
    length: int = Field(default=500, ge=1)


def _modality_of(block: Any) -> str:  # noqa: ANN401 - the block of the YAML, or a validated one
    modality = block.get("modality", "columns") if isinstance(block, dict) else getattr(block, "modality", "columns")
    return str(modality)


AnyPreprocessing = Annotated[
    Annotated[TabularPreprocessingParameters, Tag("columns")]
    | Annotated[ImagePreprocessingParameters, Tag("image")]
    | Annotated[TextPreprocessingParameters, Tag("text")],
    Discriminator(
        _modality_of,
        custom_error_type="modality",
        custom_error_message="modality must be columns, image or text",
    ),
]


def read_preprocessing(
    block: dict[str, Any],
) -> TabularPreprocessingParameters | ImagePreprocessingParameters | TextPreprocessingParameters:
    """Parse a `preprocessing` block of the modality that it states; columns where it states none."""
    checked: TabularPreprocessingParameters | ImagePreprocessingParameters | TextPreprocessingParameters
    checked = TypeAdapter(AnyPreprocessing).validate_python(block)
    return checked
