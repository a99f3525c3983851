"""The champion learns on from files of new rows, and follows no batch that is spoilt."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest
from tests.project import Project

from casebook.model_registry.champion import load_champion

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.entities import Run
    from tests.conftest import Finished

ROWS = 1200


@dataclass(frozen=True)
class Updated:
    """A folder of five batches learnt from: good, upside down, without a column, good, a third flipped."""

    project: Project
    inbox: Path
    said: str
    run: Run
    lines: pd.DataFrame


@pytest.fixture(scope="module")
def updated(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Updated:
    root = tmp_path_factory.mktemp("updated") / "project"
    # A copy: other tests look at what the finished run alone has left.
    shutil.copytree(finished.project.root, root, symlinks=True)
    project = Project(root)
    raw = root / "data" / "01_raw" / "redhat"
    rows = pd.read_csv(raw / "act_train.csv", dtype=str)
    inbox = raw / "inbox"
    inbox.mkdir()
    good = rows.iloc[:ROWS]
    upside_down = rows.iloc[ROWS : 2 * ROWS]
    flipped = (1 - upside_down["outcome"].astype(int)).astype(str)
    third = np.arange(ROWS) % 3 == 0
    more = rows.iloc[2 * ROWS : 3 * ROWS]
    good.to_csv(inbox / "1.csv", index=False)
    upside_down.assign(outcome=flipped).to_csv(inbox / "2.csv", index=False)
    good.drop(columns="char_10").to_csv(inbox / "3.csv", index=False)
    more.to_csv(inbox / "4.csv", index=False)
    upside_down.assign(outcome=upside_down["outcome"].where(~third, flipped)).to_csv(inbox / "5.csv", index=False)
    code, said = project.kedro(*COMMAND, forked=False)
    assert code == 0, said[-5000:]
    lines = pd.read_csv(root / "data" / "08_reporting" / "redhat" / "updates.csv")
    return Updated(project, inbox, said, project.runs()[0], lines)


COMMAND = ("run", "--pipeline=redhat_update", "--env", "test", "--params", "redhat.update.folder=inbox")


def test_each_batch_has_its_line_and_a_spoilt_one_its_reason(updated: Updated) -> None:
    lines = updated.lines
    assert lines["batch"].tolist() == [f"inbox/{number}.csv" for number in (1, 2, 3, 4, 5)]
    for spoilt in (1, 4):
        assert lines["message"].iloc[spoilt].startswith("not learnt from: the champion's auc on these ")
        assert "less than update.min_lead_share=0.5 of its lead is left" in lines["message"].iloc[spoilt]
    assert "lacks the column char_10" in lines["message"].iloc[2]
    assert "batch 4, inbox/4.csv: " in " ".join(updated.said.split())
    learnt = lines[lines["rows"].notna()]
    assert learnt.index.tolist() == [0, 3]
    assert (learnt["learnt"] + learnt["held_out"] + learnt["promotion"] == learnt["rows"]).all()
    assert learnt["rows"].tolist() == [ROWS, ROWS]
    assert (learnt["replayed"] == learnt["learnt"]).all()
    assert updated.run.data.tags["update.3"].startswith("inbox/3.csv: not learnt from: ")


def test_a_poisoned_batch_never_becomes_champion(updated: Updated) -> None:
    promoted = updated.lines["promoted"].tolist()
    assert [promoted[spoilt] for spoilt in (1, 2, 4)] == [False, False, False]
    champion = updated.project.client.get_model_version_by_alias("redhat", "champion")
    assert str(champion.version) == ("3" if promoted[3] else "2" if promoted[0] else "1")


def test_each_batch_that_is_learnt_is_a_step_of_the_run_and_a_version(updated: Updated) -> None:
    client, run_id = updated.project.client, updated.run.info.run_id
    for name in ("update/rows", "arrived/auc", "reference/auc", "test/auc", "promotion/auc"):
        assert [point.step for point in client.get_metric_history(run_id, name)] == [1, 4]
    curve = client.get_metric_history(run_id, "train/loss")
    assert [point.step for point in curve] == [1, 2, 7, 8]
    tags = [client.get_model_version("redhat", number).tags for number in ("2", "3")]
    assert [tag["update.batch"] for tag in tags] == ["inbox/1.csv", "inbox/4.csv"]
    assert [tag["update.of"] for tag in tags] == ["1", "2" if updated.lines["promoted"].iloc[0] else "1"]
    assert all(tag["update.digest"] and tag["data.origin"] == "sample" for tag in tags)
    history = client.get_metric_history(run_id, "test/auc")
    assert [float(tag["test/auc"]) for tag in tags] == [pytest.approx(point.value, abs=1e-6) for point in history]


def test_the_newest_version_has_the_champions_preparation_other_weights_and_its_own_profile(updated: Updated) -> None:
    mlflow.set_tracking_uri(updated.project.address)
    updated.project.client.set_registered_model_alias("redhat", "first", "1")
    first = load_champion("redhat", "first")
    newest = load_champion("redhat", "challenger")
    assert newest.version == "3"
    rows = pd.read_parquet(
        updated.project.root / "data" / "runs" / "redhat" / "latest" / "05_model_input" / "promotion_rows.parquet"
    )
    features = [model.features(rows.drop(columns="outcome")) for model in (first, newest)]
    pd.testing.assert_frame_equal(*features)
    prepared = [model.model.preprocessor.prepare(features[0]) for model in (first, newest)]
    for name, values in prepared[0].items():
        np.testing.assert_array_equal(values, prepared[1][name])
    answers = [model.answer_features(features[0])["probability"].to_numpy() for model in (first, newest)]
    assert 0 < np.abs(answers[0] - answers[1]).max() < 0.5
    assert newest.profile["histograms"].keys() == first.profile["histograms"].keys()
    assert newest.profile["days"].keys() == {"date", "people_date"}


def test_what_the_champion_has_learnt_or_was_tried_on_is_passed_over_and_told(updated: Updated) -> None:
    for number in (2, 3, 5):
        (updated.inbox / f"{number}.csv").unlink()
    client = updated.project.client
    champion = client.get_model_version_by_alias("redhat", "champion")
    versions = {each.tags.get("update.batch"): each for each in client.search_model_versions("name = 'redhat'")}
    code, said = updated.project.kedro(*COMMAND)
    assert code == 0, said[-3000:]
    lines = pd.read_csv(updated.project.root / "data" / "08_reporting" / "redhat" / "updates.csv").set_index("batch")
    new = len(client.search_model_versions("name = 'redhat'")) - len(versions)
    for batch in ("inbox/1.csv", "inbox/4.csv"):
        version = versions[batch]
        # One that an earlier champion was tried on, and did not become one, is tried again.
        known = str(champion.version) in {str(version.version), version.tags["update.of"]}
        known = known or version.tags["promotion"].startswith("champion")
        assert lines.loc[batch, "message"].startswith("passed over: ") == known
        new -= not known
    assert new == 0
    told = "inbox: no file that was not learnt from before" in " ".join(said.split())
    assert told == lines["message"].str.startswith("passed over: ").all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("redhat.update.epochs=1", "redhat.update: say where new rows are: file (one), folder (a batch each) or since"),
        ("redhat.update.file=nowhere.csv", "nowhere.csv is missing"),
    ],
)
def test_new_rows_that_are_nowhere_are_asked_for(updated: Updated, given: str, message: str) -> None:
    code, said = updated.project.kedro(*COMMAND[:-1], given)
    assert code != 0
    assert message in " ".join(said.split())
