"""The champion in use: new rows scored by one command, and looked after by another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.entities import Run
    from tests.conftest import Finished
    from tests.project import Project


@dataclass(frozen=True)
class Scored:
    """A scoring of the sample's new rows, three of them spoilt."""

    project: Project
    folder: Path
    said: str
    run: Run
    rows: pd.DataFrame


@pytest.fixture(scope="module")
def scored(finished: Finished) -> Scored:
    project = finished.project
    folder = project.root / "data" / "07_model_output" / "redhat"
    raw = project.root / "data" / "01_raw" / "redhat"
    rows = pd.read_csv(raw / "act_test.csv", dtype=str)
    spoilt = rows.copy()
    spoilt.loc[3, "date"] = "someday"
    spoilt.loc[5, "people_id"] = "ppl_nobody"
    text = spoilt.to_csv(index=False).splitlines()
    text.insert(9, "a,line,cut,off")
    (raw / "spoilt.csv").write_text("\n".join(text) + "\n")
    given = "redhat.predict.file=spoilt.csv,redhat.predict.explain=2"
    code, said = project.kedro("run", "--pipeline=redhat_predict", "--env", "test", "--params", given, forked=False)
    assert code == 0, said[-5000:]
    return Scored(project, folder, said, project.runs()[0], rows)


def test_the_first_run_of_a_project_makes_version_one_the_champion(finished: Finished) -> None:
    client = finished.project.client
    champion = client.get_model_version_by_alias("redhat", "champion")
    assert (str(champion.version), champion.run_id) == ("1", finished.run.info.run_id)
    assert client.get_model_version_by_alias("redhat", "challenger").version == champion.version
    assert champion.tags["data.origin"] == "sample"
    assert champion.tags["data.fingerprint"] == finished.run.data.tags["data.fingerprint"]
    assert float(champion.tags["test/auc"]) == pytest.approx(finished.run.data.metrics["test/auc"], abs=1e-5)
    assert "version 1, champion: the first with promotion rows" in finished.said


def test_every_row_is_scored_or_rejected_with_its_reason(scored: Scored) -> None:
    predictions = pd.read_parquet(scored.folder / "predictions.parquet")
    rejected = pd.read_parquet(scored.folder / "rejected.parquet")
    assert len(predictions) == len(scored.rows) - 2
    # The line that was put in is row 8, so that what was row 8 is row 9 now.
    assert predictions["row"].tolist() == [n for n in range(len(scored.rows) + 1) if n not in {3, 5, 8}]
    assert rejected["row"].tolist() == [3, 5, 8]
    assert rejected["column"].tolist() == ["date", "people_id", ""]
    assert rejected["reason"].tolist() == [
        "'someday' is not a date like 2023-08-26", "'ppl_nobody' is not in people.csv",
        "4 values instead of 14: a,line,cut,off",
    ]  # fmt: skip
    metrics = scored.run.data.metrics
    assert metrics["prediction/rows"] == metrics["prediction/scored"] + metrics["prediction/rejected"]
    assert (metrics["prediction/scored"], metrics["prediction/rejected"]) == (len(predictions), 3)


def test_the_submission_has_the_competitions_form_and_the_champions_answers(scored: Scored) -> None:
    submission = pd.read_csv(scored.folder / "submission.csv")
    assert list(submission) == ["activity_id", "outcome"]
    kept = scored.rows.drop(index=[3, 5]).reset_index(drop=True)
    assert submission["activity_id"].tolist() == kept["activity_id"].tolist()
    people = pd.read_csv(scored.project.root / "data" / "01_raw" / "redhat" / "people.csv")
    joined = kept.head(50).merge(
        people.set_index("people_id").add_prefix("people_"), left_on="people_id", right_index=True, how="left"
    )
    mlflow.set_tracking_uri(scored.project.address)
    expected = mlflow.pyfunc.load_model("models:/redhat@champion").predict(joined)["probability"]
    np.testing.assert_allclose(submission["outcome"].head(50), expected, rtol=0, atol=1e-6)


def test_how_far_the_rows_have_moved_is_in_the_run(scored: Scored) -> None:
    names = {artifact.path for artifact in scored.project.client.list_artifacts(scored.run.info.run_id, "prediction")}
    assert {"prediction/drift.csv", "prediction/drift", "prediction/explanations.csv"} <= names
    drift = pd.read_csv(scored.project.root / "data" / "08_reporting" / "redhat" / "drift.csv")
    assert {"probability", "feature people_char_38", "feature activity_year"} <= set(drift["column"])
    assert (drift["index"] >= 0).all()
    assert scored.run.data.metrics["drift/alarms"] == drift["alarm"].sum()
    assert scored.run.data.metrics["drift/probability"] == pytest.approx(
        drift.set_index("column").loc["probability", "index"]
    )


def test_explanations_add_up_to_the_answers(scored: Scored) -> None:
    table = pd.read_csv(scored.project.root / "data" / "08_reporting" / "redhat" / "explanations.csv")
    predictions = pd.read_parquet(scored.folder / "predictions.parquet").set_index("row")["probability"]
    assert table["row"].unique().tolist() == [0, 1]
    for row, lines in table.groupby("row"):
        assert lines["contribution"].sum() == pytest.approx(
            lines["answer"].iloc[0] - lines["typical"].iloc[0], abs=1e-6
        )
        assert lines["answer"].iloc[0] == pytest.approx(predictions[row], abs=1e-6)


@pytest.mark.parametrize(("upside_down", "code"), [(False, 0), (True, 1)])
def test_outcomes_that_arrive_later_are_followed_by_week(scored: Scored, upside_down: bool, code: int) -> None:
    predictions = pd.read_parquet(scored.folder / "predictions.parquet")
    likely = predictions["probability"].rank(pct=True) > 0.5
    outcomes = pd.DataFrame({"activity_id": predictions["key"], "outcome": (likely != upside_down).astype(int)})
    raw = scored.project.root / "data" / "01_raw" / "redhat"
    outcomes.to_csv(raw / "outcomes.csv", index=False)
    given = "redhat.monitor.min_rows_per_week=10"
    found, said = scored.project.kedro("run", "--pipeline=redhat_monitor", "--env", "test", "--params", given)
    assert found == code, said[-3000:]
    run = scored.project.runs()[0]
    assert run.info.status == ("FAILED" if upside_down else "FINISHED")
    assert ("is worse than the level" in said) == upside_down
    assert "Traceback" not in said
    weekly = pd.read_csv(scored.project.root / "data" / "08_reporting" / "redhat" / "weekly.csv")
    page = (scored.project.root / run.data.tags["report"]).read_text()
    assert ("Below the level:" in page) == upside_down
    curve = scored.project.client.get_metric_history(run.info.run_id, "monitor/auc")
    assert [point.value for point in curve] == pytest.approx(weekly["auc"].dropna().iloc[:-1].tolist())
    assert weekly["week"].iloc[-1] == "all"
    assert weekly["rows"].iloc[-1] == len(predictions)


def test_what_was_counted_names_the_version(scored: Scored) -> None:
    counted = json.loads((scored.folder / "scored.json").read_text())
    assert counted["model"]["version"] == "1"
    assert set(counted["model"]["test"]) >= {"auc", "accuracy"}
