"""Predictions, the form to hand in and the rejected rows are written as they come, and whole or not at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from casebook.batch_scoring.rejections import REJECTED, RejectedRowsError
from casebook.batch_scoring.scorer import ScoredBlock
from casebook.column_types.parsing import InvalidTableError
from casebook.datasets import PredictedFiles, ScoredFiles
from casebook.datasets.file_dataset import DamagedFileError
from casebook.datasets.raw import RawFileError
from casebook.monitoring.unknown_categories import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def scored(first: int, probabilities: list[float], rejected: int = 0) -> ScoredBlock:
    rows = range(first, first + len(probabilities))
    predictions = pd.DataFrame({
        "row": list(rows),
        "key": pd.Series([f"act_{row}" for row in rows], dtype="str"),
        "day": pd.Categorical(["2023-08-26"] * len(rows)),
        "probability": probabilities,
        "class": [int(value >= 0.5) for value in probabilities],
    })  # fmt: skip
    bad = pd.DataFrame([(100 + n, f"bad_{n}", "age", "too old") for n in range(rejected)], columns=REJECTED)
    counts = {"probability": np.array([len(probabilities), 0])} if probabilities else {}
    unknown = (
        pd.DataFrame([("colour", 2, 0.5, "green")], columns=UNKNOWN) if rejected else pd.DataFrame(columns=UNKNOWN)
    )
    scored = predictions if probabilities else predictions.head(0)[["row", "key", "day"]]
    return ScoredBlock(scored, bad, counts, unknown)


class Blocks:
    """What a node hands over: it can be gone through, and knows the model."""

    def __init__(self, *blocks: ScoredBlock | Exception, file: str = "new.csv", version: str = "3") -> None:
        self.blocks = blocks
        self.model = SimpleNamespace(version=version, test_scores={"auc": 0.9})
        self.form = SimpleNamespace(file=file, submission={"activity_id": "key", "outcome": "probability"})
        self.place, self.digest = f"/inbox/{file}", f"{len(blocks)}a2b3c4d5e6f"

    def __iter__(self) -> Iterator[ScoredBlock]:
        for block in self.blocks:
            if isinstance(block, Exception):
                raise block
            yield block


@pytest.fixture
def files(tmp_path: Path) -> ScoredFiles:
    return ScoredFiles(str(tmp_path / "redhat"), "redhat")


def read(tmp_path: Path, name: str) -> Any:  # noqa: ANN401 - a table
    path = tmp_path / "redhat" / name
    return pd.read_csv(path) if name.endswith("csv") else pd.read_parquet(path)


def test_blocks_end_up_below_each_other_in_three_files_and_are_counted(files: ScoredFiles, tmp_path: Path) -> None:
    files.save(Blocks(scored(0, [0.2, 0.7], rejected=1), scored(2, [0.9], rejected=2)))
    predictions = read(tmp_path, "predictions.parquet")
    assert predictions["row"].tolist() == [0, 1, 2]
    assert predictions["probability"].tolist() == [0.2, 0.7, 0.9]
    assert read(tmp_path, "submission.csv").to_dict("list") == {
        "activity_id": ["act_0", "act_1", "act_2"], "outcome": [0.2, 0.7, 0.9],
    }  # fmt: skip
    assert (tmp_path / "redhat" / "submission.csv").read_text().startswith("activity_id,outcome\n")
    assert read(tmp_path, "rejected.parquet")["key"].tolist() == ["bad_0", "bad_0", "bad_1"]
    counted = files.load()
    assert counted.pop("seconds") > 0
    assert counted.pop("at") > "2020"
    assert counted == {
        "rows": 6, "scored": 3, "rejected": 3, "model": {"version": "3", "test": {"auc": 0.9}},
        "counts": {"probability": [3, 0]}, "rejected_columns": {"age": 3}, "file": "new.csv",
        "place": "/inbox/new.csv", "digest": "2a2b3c4d5e6f", "unknown": {"colour": {"rows": 4, "values": "green"}},
        "folder": str(tmp_path / "redhat" / "predicted" / "new.csv-2a2b3c4d-version-3"),
    }  # fmt: skip


def test_a_first_block_without_predictions_does_not_decide_their_columns(files: ScoredFiles, tmp_path: Path) -> None:
    files.save(Blocks(scored(0, [], rejected=2), scored(2, [0.9])))
    assert read(tmp_path, "predictions.parquet")["class"].tolist() == [1]
    assert len(read(tmp_path, "rejected.parquet")) == 2


def test_a_file_without_rejected_rows_has_their_columns(files: ScoredFiles, tmp_path: Path) -> None:
    files.save(Blocks(scored(0, [0.5])))
    assert list(read(tmp_path, "rejected.parquet")) == REJECTED
    assert read(tmp_path, "rejected.parquet").empty


def test_an_error_in_the_middle_leaves_what_was_there_before(files: ScoredFiles, tmp_path: Path) -> None:
    files.save(Blocks(scored(0, [0.2])))
    with pytest.raises(DatasetError, match=r"new\.csv lacks age"):
        files.save(Blocks(scored(0, [0.7, 0.8]), InvalidTableError("new.csv lacks age")))
    assert read(tmp_path, "predictions.parquet")["probability"].tolist() == [0.2]
    assert files.load()["rows"] == 1
    assert sorted(path.name for path in (tmp_path / "redhat").iterdir()) == [
        "predicted", "predictions.parquet", "rejected.parquet", "scored.json", "submission.csv",
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "redhat" / "predicted").iterdir()] == ["new.csv-1a2b3c4d-version-3"]


def test_a_file_of_which_every_row_is_rejected_is_refused_and_replaces_nothing(
    files: ScoredFiles, tmp_path: Path
) -> None:
    files.save(Blocks(scored(0, [0.2])))
    with pytest.raises(DatasetError) as told:
        files.save(Blocks(scored(0, [], rejected=2), file="bad.csv"))
    assert isinstance(told.value.__cause__, RejectedRowsError)
    assert "bad.csv: none of its 2 rows could be scored (rejected: age 2; data row 101, column age: too old)" in str(
        told.value
    )
    assert read(tmp_path, "predictions.parquet")["probability"].tolist() == [0.2]
    assert files.load()["file"] == "new.csv"
    assert read(tmp_path, "all_rejected/bad.csv-1a2b3c4d-version-3.parquet")["reason"].tolist() == ["too old"] * 2
    assert len(list((tmp_path / "redhat" / "predicted").iterdir())) == 1


def test_predictions_are_kept_by_file_content_and_version_and_those_of_the_newest_stand_first(
    files: ScoredFiles, tmp_path: Path
) -> None:
    files.save(Blocks(scored(0, [0.2]), file="a.csv"))
    files.save(Blocks(scored(0, [0.7]), file="b.csv"))
    files.save(Blocks(scored(0, [0.8]), scored(1, [0.9]), file="b.csv"))
    files.save(Blocks(scored(0, [0.3]), file="a.csv", version="4"))
    assert read(tmp_path, "predictions.parquet")["probability"].tolist() == [0.3]
    kept = PredictedFiles(str(tmp_path / "redhat"), "redhat").load()
    assert [(each.file, each.digest[:8], each.version, each.test) for each in kept] == [
        ("a.csv", "1a2b3c4d", 3, {"auc": 0.9}), ("b.csv", "1a2b3c4d", 3, {"auc": 0.9}),
        ("b.csv", "2a2b3c4d", 3, {"auc": 0.9}), ("a.csv", "1a2b3c4d", 4, {"auc": 0.9}),
    ]  # fmt: skip
    assert [each.read(None)["probability"].tolist() for each in kept] == [[0.2], [0.7], [0.8, 0.9], [0.3]]
    assert kept[2].read(pd.Index(["act_1", "act_9"]))["probability"].tolist() == [0.9]
    assert list(kept[2].read(pd.Index([], dtype="str"))) == ["row", "key", "day", "probability", "class"]


def test_nothing_predicted_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(RawFileError, match=r"holds no predictions yet: run `kedro run --pipeline=redhat_predict`"):
        PredictedFiles(str(tmp_path), "redhat").load()
    with pytest.raises(RawFileError, match=r"is written by `kedro run --pipeline=redhat_predict`"):
        PredictedFiles(str(tmp_path), "redhat").save([])


def test_nothing_scored_yet_is_said(files: ScoredFiles) -> None:
    assert not files.exists()
    with pytest.raises(RawFileError, match=r"scored\.json is not there yet: run `kedro run --pipeline=redhat_predict`"):
        files.load()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": {}}'])
def test_damaged_predictions_are_named_and_passed_over(
    files: ScoredFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    files.save(Blocks(scored(0, [0.1]), file="a.csv"))  # type: ignore[arg-type]
    files.save(Blocks(scored(0, [0.2]), file="b.csv"))  # type: ignore[arg-type]
    (damaged,) = (tmp_path / "redhat" / "predicted").glob("a.csv*/scored.json")
    damaged.write_text(content)
    predicted = PredictedFiles(str(tmp_path / "redhat"), "redhat")
    assert [kept.file for kept in predicted.load()] == ["b.csv"]
    assert f"{damaged} is damaged (" in caplog.text
    assert "these predictions are passed over; predict the file again" in caplog.text
    (kept,) = predicted.load()
    (tmp_path / "redhat" / "predicted" / kept.name / "predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(DamagedFileError, match=r"predictions\.parquet is damaged .*: predict the file again"):
        kept.read(None)
    (tmp_path / "redhat" / "scored.json").write_text(content[:1])
    with pytest.raises(DamagedFileError, match=r"scored\.json is damaged .*_predict` again"):
        files.load()


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_answers_of_one_file_that_are_damaged_keep_nobody_from_those_of_others(
    files: ScoredFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    files.save(Blocks(scored(0, [0.1]), file="a.csv"))  # type: ignore[arg-type]
    files.save(Blocks(scored(0, [0.2]), file="b.csv"))  # type: ignore[arg-type]
    (damaged,) = (tmp_path / "redhat" / "predicted").glob("a.csv*/predictions.parquet")
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(content)
    assert [kept.file for kept in PredictedFiles(str(tmp_path / "redhat"), "redhat").load()] == ["b.csv"]
    assert f"{damaged} is damaged (" in caplog.text
