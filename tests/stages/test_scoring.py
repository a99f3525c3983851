"""Nodes of a prediction on files of which little or nothing can be scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.batch_scoring.rejections import RejectedRowsError, refuse_rejected
from casebook.cases.registry import NewRows
from casebook.column_types.parsing import InvalidTableError
from casebook.datasets import csv_blocks
from casebook.datasets.blocks import NewRowsReader
from casebook.evaluation.shapley import COLUMNS
from casebook.stages.scoring import explain_new_rows, measure_drift, score_new_rows

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

PREDICT = {"file": "", "folder": "", "explain": 3, "drift_alarm": 0.25, "max_rejected_share": 0.5}


class Champion:
    """Answers twice the age; fails above 1,000."""

    case, version, looks_back = "pima", "4", False
    kinds: dict[str, Any] = {"age": "number"}  # noqa: RUF012
    required = ("age",)

    def __init__(self, profile: dict[str, Any]) -> None:
        self.profile = profile

    def predict(self, rows: DataFrame) -> DataFrame:
        ages = pd.to_numeric(rows["age"]).astype(float)
        if (ages > 1000).any():
            raise OverflowError("too old")
        return pd.DataFrame({"probability": 2 * ages.fillna(0)}, index=rows.index)


def reader(folder: Path, text: str) -> NewRowsReader:
    (folder / "new.csv").write_text(text)
    return NewRowsReader(folder, NewRows("new.csv", {}), "2026-01-01")


def explain(folder: Path, text: str, **profile: Any) -> DataFrame:  # noqa: ANN401
    champion: Any = Champion(profile or {"typical": {"age": 1.0}})
    return explain_new_rows(reader(folder, text), champion, PREDICT, {})


def test_explained_rows_bear_their_own_numbers_whichever_block_they_are_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 8)
    table = explain(tmp_path, "id,age\na,old\ncut\nc,5000\nd,3\ncut\nf,4\ng,5\nh,6\n")
    assert table["row"].tolist() == [3, 5, 6]
    assert table["answer"].tolist() == [6, 8, 10]


def test_a_file_of_which_no_row_can_be_explained_has_no_explanations(tmp_path: Path) -> None:
    table = explain(tmp_path, "id,age\na,old\nb,5000\n")
    assert (table.empty, list(table)) == (True, COLUMNS)


def test_a_champion_without_a_profile_explains_nothing_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidTableError, match=r"predict\.explain: the run of version 4 of pima kept no training"):
        explain(tmp_path, "id,age\na,1\n", histograms={})


def test_a_champion_without_a_profile_shows_no_drift() -> None:
    scored = {"rows": 2, "scored": 1, "rejected": 1, "seconds": 0.5, "counts": {}, "unknown": {"job": {"rows": 7}}}
    champion: Any = SimpleNamespace(profile={}, sources={})
    metrics, drift, figures = measure_drift(scored, champion, PREDICT)
    assert metrics == {
        "prediction/rows": 2, "prediction/scored": 1, "prediction/rejected": 1, "prediction/seconds": 0.5,
        "prediction/unknown/job": 7,
    }  # fmt: skip
    assert (len(drift), figures) == (0, {})


@pytest.mark.parametrize(("most", "fails"), [(0.5, False), (0.49, True), (1.0, False), (0.0, True)])
def test_too_many_rejected_rows_end_the_command_with_what_they_lack(most: float, fails: bool) -> None:
    scored = {"rows": 4, "rejected": 2, "file": "new.csv", "folder": "data/x", "rejected_columns": {"": 1, "age": 1}}
    given = scored, {"max_rejected_share": most}, pd.DataFrame(), pd.DataFrame()
    if not fails:
        refuse_rejected(*given)
        return
    words = r"new\.csv: 2 of 4 rows were rejected \(unreadable 1, age 1\), more than predict\.max_rejected_share=0"
    with pytest.raises(RejectedRowsError, match=words):
        refuse_rejected(*given)


def test_errors_of_a_file_to_predict_name_that_file(tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text("id,size\na,1\n")
    champion: Any = Champion({})
    champion.features = champion.answer_features = champion.unknown_categories = lambda rows: rows
    rows = score_new_rows(reader(tmp_path, "id,age\na,1\n"), champion, {**PREDICT, "file": "later.csv"})
    assert (rows.form.file, rows.place) == ("later.csv", str(tmp_path / "later.csv"))
    assert rows.digest
    with pytest.raises(InvalidTableError, match=r"^later\.csv lacks age, which the model needs; it has id, size"):
        list(rows)
    assert np.isfinite(champion.predict(pd.DataFrame({"age": ["1"]})).to_numpy()).all()


def test_each_file_of_a_folder_is_a_part_and_the_first_one_is_explained(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "b.csv").write_text("id,age\na,1\n")
    (tmp_path / "inbox" / "a.csv").write_text("id,age\nb,2\n")
    champion: Any = Champion({"typical": {"age": 1.0}})
    predict = {**PREDICT, "folder": "inbox"}
    found: Any = score_new_rows(NewRowsReader(tmp_path, NewRows("new.csv", {}), "2026-01-01"), champion, predict)
    assert (found.given, [part.name for part in found.parts]) == ("inbox", ["a.csv", "b.csv"])
    table = explain_new_rows(NewRowsReader(tmp_path, NewRows("new.csv", {}), "2026-01-01"), champion, predict, {})
    assert table["answer"].unique().tolist() == [4]


def test_files_of_a_folder_are_counted_in_the_run() -> None:
    scored = {"rows": 2, "scored": 2, "rejected": 0, "seconds": 0.5, "counts": {}, "unknown": {}}
    champion: Any = SimpleNamespace(profile={}, sources={})
    metrics, _, _ = measure_drift({**scored, "parts": {"parts": 3, "before": 1, "failed": 0}}, champion, PREDICT)
    files = {name: value for name, value in metrics.items() if name.startswith("prediction/files")}
    assert files == {"prediction/files/parts": 3, "prediction/files/before": 1, "prediction/files/failed": 0}
