"""Parameters of what becomes of a trained model: promotion, prediction, and a look at how it does."""

from __future__ import annotations

import re

from pydantic import Field, field_validator, model_validator

from casebook.config.schema.types import MetricName, Parameters

PLACES = "a path counts from the current folder, else from the raw folder"


class PromotionParameters(Parameters):
    """When a run's model becomes the champion, judged on rows that `split.promotion_share` holds back from every run.

    Keys: `key` is the raw column whose values go together, none for the row itself; without a `metric` it is auc,
    accuracy or mae, by task; `margin` is how much better in it a model must be than the present champion.
    """

    key: str = ""
    metric: MetricName | None = None
    margin: float = Field(default=0.0, ge=0)
    bootstrap: int = Field(default=1000, ge=10, description="resamples behind the interval of the difference")
    across_origins: bool = Field(default=False, description="let a sample's champion follow on files', or back")


class PredictParameters(Parameters):
    """What `<case>_predict` scores, and when it sounds the alarm."""

    file: str = Field(default="", description=f"another file than the case's own; {PLACES}")
    explain: int = Field(default=0, ge=0, le=1000, description="how many rows are explained, the first ones")
    drift_alarm: float = Field(default=0.25, gt=0, description="population stability index from which it sounds")
    max_rejected_share: float = Field(
        default=0.5, ge=0, le=1, description="of the rows; beyond it the command fails once the others are written"
    )


class MonitorParameters(Parameters):
    """What `<case>_monitor` compares predictions with; without a `metric` it is auc, accuracy or mae, by task."""

    outcomes: str = Field(default="outcomes.csv", description=f"the key and the target; {PLACES}")
    file: str = Field(default="", description="the predicted file whose outcomes they are; none named: found by key")
    version: int = Field(default=0, ge=0, description="whose predictions are meant; 0: the newest of each row")
    metric: MetricName | None = None
    drop: float = Field(default=0.05, ge=0, description="how much worse than on the test rows is still good enough")
    min_rows_per_week: int = Field(default=50, ge=1, description="weeks of fewer outcomes are not judged")


class UpdateParameters(Parameters):
    """Which new rows `<case>_update` learns from, and how.

    Say one of three: a `file` in the form of the case's labelled raw file; a `folder` of such files, each a batch of
    its own; or `since`, a day behind which rows of the raw files are new (`champion`: the last that it has seen).
    """

    file: str = Field(default="", description=PLACES)
    folder: str = Field(default="", description=f"{PLACES}; files go in the order of names")
    since: str = ""
    wait: float = Field(default=0.0, ge=0, description="seconds to wait for a further file of the folder")
    epochs: int = Field(default=2, ge=1)
    learning_rate: float = Field(default=0.1, gt=0, le=1, description="share of the training's")
    replay: float = Field(default=1.0, ge=0, description="old training rows for each new one, against forgetting")
    max_unknown_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of rows with a category unknown to the preprocessing, beyond the usual",
    )

    min_lead_share: float = Field(
        default=0.5, ge=0, le=1, description="share of the champion's lead over the baseline to be kept on new rows"
    )

    @field_validator("since")
    @classmethod
    def _check_since(cls, since: str) -> str:
        if since not in {"", "champion"} and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", since):
            raise ValueError("give a day like 2023-08-26, or champion")
        return since

    @model_validator(mode="after")
    def _check_source(self) -> UpdateParameters:
        given = [name for name in ("file", "folder", "since") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given: new rows come from one of file, folder and since")
        return self
