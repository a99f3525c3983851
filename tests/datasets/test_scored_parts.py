"""A folder's files: each scored once, found again by the next command, and counted together."""

from __future__ import annotations

import gzip
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from casebook.batch_scoring.file_scorer import FileScorer, FolderScoring
from casebook.batch_scoring.rejections import FailedPartsError, RejectedRowsError, refuse_rejected
from casebook.cases.registry import NewRows
from casebook.datasets import PredictedFiles, ScoredFiles, scored_parts
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.scored_parts import LocalParts, kept_name, only_one
from casebook.monitoring.kept_predictions import gather_predictions
from casebook.monitoring.outcomes import join_outcomes
from casebook.monitoring.unknown_categories import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.batch_scoring.file_scorer import Source
    from casebook.datasets.scored_parts import PartAnswers

FORM = NewRows("new.csv", {"id": "key", "y": "probability"}, key="id", lookup_table="sizes.csv", join_key="size")


class Model:
    """Answers the weight of a row's size; knows no colour but red."""

    case, version, looks_back = "redhat", "3", False
    kinds: dict[str, Any] = {"size": "text", "weight": "number", "age": "number"}  # noqa: RUF012
    required = ("weight", "age")
    profile: dict[str, Any] = {  # noqa: RUF012
        "histograms": {"probability": {"edges": [0.5], "shares": [0.5, 0.5, 0.0]}}
    }
    test_scores = {"auc": 0.9}  # noqa: RUF012

    def __init__(self) -> None:
        self.seen: list[int] = []

    def features(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"weight": pd.to_numeric(rows["weight"].astype(object)).astype(float)})

    def unknown_categories(self, features: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame([("colour", len(features), 1.0, "green")], columns=UNKNOWN)

    def answer_features(self, features: pd.DataFrame) -> pd.DataFrame:
        self.seen.append(len(features))
        return pd.DataFrame({"probability": features["weight"].to_numpy()})


class Folder:
    """A folder of files, a model, and where the answers are kept."""

    def __init__(self, root: Path) -> None:
        self.root, self.raw, self.inbox = root, root / "raw", root / "raw" / "inbox"
        self.inbox.mkdir(parents=True)
        (self.raw / "sizes.csv").write_text("size,weight\nS,0.2\nL,0.8\n")
        self.model = Model()
        self.files = ScoredFiles(str(root / "redhat"), "redhat")

    def put(self, name: str, *rows: str) -> None:
        text = "\n".join(["id,size,age", *rows, ""])
        file = self.inbox / name
        file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())

    def scoring(self) -> FolderScoring:
        reader = NewRowsReader(self.raw, FORM, "2026-01-01")
        return FolderScoring("inbox", reader.parts("inbox"), FileScorer(reader, self.model))

    def score(self) -> list[int]:
        """Score what is missing -> the rows of each block that the model has answered."""
        self.model.seen.clear()
        self.files.save(self.scoring())
        return self.model.seen

    def manifest(self) -> pd.DataFrame:
        return pd.read_csv(self.root / "redhat" / "manifest.csv", dtype={"version": str}).set_index("part")

    def answers(self, part: str) -> pd.DataFrame:
        return pd.read_parquet(f"{self.manifest().loc[part, 'folder']}/predictions.parquet")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.put("a.csv", "a1,S,1", "a2,L,2", "a3,XL,3")
    made.put("b.csv.gz", "b1,L,1", "b2,S,old")
    pd.DataFrame({"id": ["c1"], "size": ["S"], "age": [1.0]}).to_parquet(made.inbox / "c.parquet")
    return made


def test_each_file_has_answers_of_its_own_and_all_are_counted_together(folder: Folder) -> None:
    assert folder.score() == [2, 1, 1]
    manifest = folder.manifest()
    assert manifest[["state", "rows", "scored", "rejected", "version"]].to_numpy().tolist() == [
        ["scored", 3, 2, 1, "3"], ["scored", 2, 1, 1, "3"], ["scored", 1, 1, 0, "3"],
    ]  # fmt: skip
    assert folder.answers("a.csv")[["key", "probability"]].to_numpy().tolist() == [["a1", 0.2], ["a2", 0.8]]
    assert (folder.answers("b.csv.gz")["key"].tolist(), folder.answers("c.parquet")["key"].tolist()) == (["b1"], ["c1"])
    counted = folder.files.load()
    assert (counted["rows"], counted["scored"], counted["rejected"]) == (6, 4, 2)
    assert counted["rejected_columns"] == {"size": 1, "age": 1}
    assert counted["counts"] == {"probability": [2, 2, 0]}
    assert counted["unknown"] == {"colour": {"rows": 4, "values": "green"}}
    assert (counted["parts"], counted["failed"]) == ({"parts": 3, "before": 0, "failed": 0}, {})
    refuse_rejected(counted, {"max_rejected_share": 0.34}, pd.DataFrame(), pd.DataFrame())
    with pytest.raises(RejectedRowsError, match=r"^inbox: 2 of 6 rows were rejected .*/predicted/\*/rejected\.parquet"):
        refuse_rejected(counted, {"max_rejected_share": 0.33}, pd.DataFrame(), pd.DataFrame())


def test_the_next_command_scores_what_is_missing_or_has_changed_and_nothing_else(folder: Folder) -> None:
    folder.score()
    first = folder.answers("a.csv")
    assert folder.score() == []
    assert folder.files.load()["parts"] == {"parts": 3, "before": 3, "failed": 0}
    assert folder.files.load()["rows"] == 6
    folder.put("b.csv.gz", "b1,S,1", "b2,S,2")
    folder.put("d.csv", "d1,L,1")
    assert folder.score() == [2, 1]
    assert folder.manifest()["rows"].tolist() == [3, 2, 1, 1]
    pd.testing.assert_frame_equal(folder.answers("a.csv"), first)
    kept = PredictedFiles(str(folder.root / "redhat"), "redhat").load()
    assert [each.file for each in kept] == ["a.csv", "b.csv.gz", "c.parquet", "b.csv.gz", "d.csv"]


def test_another_table_of_owners_or_another_model_has_all_scored_anew(folder: Folder) -> None:
    folder.score()
    (folder.raw / "sizes.csv").write_text("size,weight\nS,0.3\nL,0.8\n")
    assert folder.score() == [2, 1, 1]
    assert folder.answers("c.parquet")["probability"].tolist() == [0.3]
    folder.model.version = "4"
    assert folder.score() == [2, 1, 1]
    assert folder.manifest()["version"].tolist() == ["4"] * 3


def test_answers_that_are_damaged_count_as_missing(folder: Folder) -> None:
    folder.score()
    (json_file,) = (folder.root / "redhat" / "predicted").glob("a.csv-*/scored.json")
    json_file.write_text("{")
    assert folder.score() == [2]


def test_a_kill_in_the_middle_leaves_whole_files_and_the_next_command_goes_on(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def answer(self: Model, features: pd.DataFrame) -> pd.DataFrame:
        if len(self.seen) == 1:
            raise Killed
        return whole(self, features)

    whole = Model.answer_features
    with monkeypatch.context() as patch:
        patch.setattr(Model, "answer_features", answer)
        with pytest.raises(Killed):
            folder.score()
    assert folder.manifest()["state"].tolist() == ["scored", "missing", "missing"]
    assert len(list((folder.root / "redhat" / "predicted").glob("[!.]*"))) == 1
    assert folder.score() == [1, 1]
    assert folder.files.load()["rows"] == 6


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_scored(folder: Folder) -> None:
    (folder.inbox / "a.csv").write_text("id,size\na1,S\n")
    (folder.inbox / "c.parquet").write_bytes(b"PAR1")
    folder.score()
    manifest = folder.manifest()
    assert manifest["state"].tolist() == ["failed", "scored", "failed"]
    assert manifest.loc["a.csv", "reason"] == ("a.csv lacks age, which the model needs; it has id, size, weight")
    counted = folder.files.load()
    assert (counted["rows"], counted["parts"]) == (2, {"parts": 3, "before": 0, "failed": 2})
    told = (
        r"^inbox: 2 of 3 files could not be scored; the others are, and the same command goes on .*: a\.csv: a\.csv la"
    )
    with pytest.raises(FailedPartsError, match=told):
        refuse_rejected(counted, {"max_rejected_share": 1}, pd.DataFrame(), pd.DataFrame())
    folder.put("a.csv", "a1,S,1")
    (folder.inbox / "c.parquet").unlink()
    assert folder.score() == [1]
    assert folder.files.load()["failed"] == {}


def test_a_file_that_changes_while_it_is_scored_has_no_answers(folder: Folder) -> None:
    class Changing(LocalParts):
        def run(self, answers: PartAnswers) -> None:
            write = answers.write

            def write_late(source: Source, fill: Callable[[Path], None]) -> None:
                def fill_late(place: Path) -> None:
                    fill(place)
                    if source.name == "a.csv":
                        folder.put("a.csv", "a1,S,1")

                write(source, fill_late)

            answers.write = write_late  # type: ignore[method-assign]
            super().run(answers)

    folder.files.executor = Changing()
    folder.score()
    assert folder.manifest()["state"].tolist() == ["failed", "scored", "scored"]
    assert (
        folder.manifest()
        .loc["a.csv", "reason"]
        .endswith("a.csv was changed while it was scored: run the command again")
    )
    folder.files.executor = LocalParts()
    assert folder.score() == [1]


def test_a_file_of_which_no_row_can_be_scored_counts_and_is_no_prediction(folder: Folder) -> None:
    folder.put("c.csv", "c1,XL,1", "c2,XL,2")
    folder.score()
    assert folder.manifest().loc["c.csv", ["rows", "scored", "rejected"]].tolist() == [2, 0, 2]
    assert folder.files.load()["rejected"] == 4
    assert folder.score() == []
    assert "c.csv" not in {each.file for each in PredictedFiles(str(folder.root / "redhat"), "redhat").load()}


def test_where_no_row_of_all_can_be_scored_what_was_counted_before_stays(folder: Folder) -> None:
    folder.score()
    for file in folder.inbox.iterdir():
        file.unlink()
    folder.put("e.csv", "e1,XL,1")
    folder.put("f.csv", "e1,S,x")
    with pytest.raises(Exception, match=r"inbox: no row of its 2 files could be scored \(rejected: size 1, age 1\)"):
        folder.score()
    assert folder.files.load()["rows"] == 6


def test_a_fault_of_the_table_that_all_are_joined_with_is_told_once(folder: Folder) -> None:
    (folder.raw / "sizes.csv").unlink()
    with pytest.raises(Exception, match=r"sizes\.csv is missing"):
        folder.score()
    assert folder.manifest()["state"].tolist() == ["missing"] * 3


def test_a_single_file_takes_the_place_of_a_folder_s_manifest_and_back(folder: Folder) -> None:
    place = folder.root / "redhat"
    data = folder.scoring()
    (source,) = [part for part in data.parts if part.name == "a.csv"]
    single = data.scorer.score(scored_parts.Source("a.csv", source.path, "0123456789", str(source.path)))
    folder.files.save(single)
    assert (place / "predictions.parquet").exists()
    folder.score()
    assert {path.name for path in place.iterdir()} == {"manifest.csv", "predicted", "scored.json"}
    folder.files.save(replace(single, blocks=data.scorer.reader.blocks(str(source.path))))
    assert not (place / "manifest.csv").exists()


def test_a_second_command_waits_and_finds_nothing_left_to_do(folder: Folder) -> None:
    second = ScoredFiles(str(folder.root / "redhat"), "redhat")
    with only_one(folder.root / "redhat" / "predicted"):
        threads = [threading.Thread(target=files.save, args=(folder.scoring(),)) for files in (folder.files, second)]
        for thread in threads:
            thread.start()
        threads[0].join(0.2)
        assert folder.model.seen == []
    for thread in threads:
        thread.join(10)
    assert folder.model.seen == [2, 1, 1]
    assert folder.files.load()["rows"] == 6


def test_names_within_subfolders_have_places_of_their_own() -> None:
    assert kept_name("month=1/a.csv", "0123456789", "2") == "month=1_a.csv-301b785a-01234567-version-2"
    assert kept_name("month=1_a.csv", "0123456789", "2") == "month=1_a.csv-01234567-version-2"


def test_the_time_of_answers_is_that_of_the_command_whatever_the_clock_of_the_process_that_scores(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_parts, "write_time", lambda: "2026-11-30T12:00:00.000000")
    monkeypatch.setattr("casebook.batch_scoring.answer_files.write_time", lambda: "2026-11-30T13:00:00.000000")
    folder.score()
    assert folder.manifest()["at"].tolist() == ["2026-11-30T12:00:00.000000"] * 3


def test_outcomes_are_joined_over_all_files(folder: Folder) -> None:
    folder.score()
    kept = PredictedFiles(str(folder.root / "redhat"), "redhat").load()
    outcomes = pd.DataFrame({"key": ["c1", "a2", "b2", "x"], "actual": [0.0, 1.0, 1.0, 0.0]})
    joined = join_outcomes(gather_predictions(kept, "auc", pd.Index(outcomes["key"])), outcomes)
    assert joined.rows[["key", "probability", "actual"]].to_numpy().tolist() == [["a2", 0.8, 1.0], ["c1", 0.2, 0.0]]
    assert (joined.counts["joined"], joined.counts["unmatched"]) == (2, 2)
