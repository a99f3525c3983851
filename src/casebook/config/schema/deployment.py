"""Parameters of a trained model's use: promotion, prediction, monitoring and updates."""

from __future__ import annotations

from datetime import date

from pydantic import Field, field_validator, model_validator

from casebook.config.schema.types import MetricName, Parameters

PLACES = "a path counts from the current folder, else from the raw folder"


class PromotionParameters(Parameters):
    """Conditions of promotion to champion, compared on rows that `split.promotion_share` holds out of every run.

    Keys: `key` is the raw column whose values go together, none for the row itself; without a `metric` it is auc,
    accuracy or mae, by task; `margin` is how much better in it a model must be than the present champion.
    """

    key: str = ""
    metric: MetricName | None = None
    margin: float = Field(default=0.0, ge=0)
    bootstrap: int = Field(default=1000, ge=10, description="resamples behind the interval of the difference")
    across_origins: bool = Field(default=False, description="let a sample's champion follow on files', or back")


class KeepRunsParameters(Parameters):
    """Whose files below `data/runs/<case>` are kept when a run ends; what is in MLflow stays in any case."""

    finished: int = Field(default=3, ge=1, description="so many of the newest finished runs of each kind")
    resumable_days: float = Field(default=30.0, ge=0, description="so long those that were broken off after epochs")


class PredictParameters(Parameters):
    """Rows that `<case>_predict` scores, and its alarm level of drift."""

    file: str = Field(default="", description=f"another file than the case's own; {PLACES}")
    folder: str = Field(
        default="",
        description=f"or a folder, or a pattern like inbox/*.csv.gz: each file is scored by itself; {PLACES}",
    )
    explain: int = Field(default=0, ge=0, le=1000, description="how many rows are explained, the first ones")
    drift_alarm: float = Field(
        default=0.25, gt=0, description="population stability index from which it sounds, beyond chance"
    )
    max_rejected_share: float = Field(
        default=0.5, ge=0, le=1, description="of the rows; beyond it the command fails once the others are written"
    )

    @model_validator(mode="after")
    def _check_source(self) -> PredictParameters:
        if self.file and self.folder:
            raise ValueError("file and folder are given: rows come from one of them")
        return self


class MonitorParameters(Parameters):
    """Outcomes that `<case>_monitor` compares predictions with; `metric` defaults to auc, accuracy or mae, by task."""

    outcomes: str = Field(default="outcomes.csv", description=f"the key and the target; {PLACES}")
    file: str = Field(default="", description="the predicted file whose outcomes they are; none named: found by key")
    version: int = Field(default=0, ge=0, description="whose predictions are meant; 0: the newest of each row")
    metric: MetricName | None = None
    drop: float = Field(default=0.05, ge=0, description="how much worse than on the test rows is still good enough")
    min_rows_per_week: int = Field(default=50, ge=1, description="weeks of fewer outcomes are not judged")


class UpdateParameters(Parameters):
    """New rows that `<case>_update` trains on, and the training.

    State one of three: a `file` in the form of the case's labelled raw file; a `folder` of such files, each a batch of
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
        if since in {"", "champion"}:
            return since
        try:
            # Other spellings of a day, as 20230826, are refused: they cannot be compared as texts.
            day = date.fromisoformat(since).isoformat()
        except ValueError:
            day = ""
        if day != since:
            raise ValueError("give a day of the calendar like 2023-08-26, or champion")
        return since

    @model_validator(mode="after")
    def _check_source(self) -> UpdateParameters:
        given = [name for name in ("file", "folder", "since") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given: new rows come from one of file, folder and since")
        return self
