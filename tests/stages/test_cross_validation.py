"""Which rows are dealt into folds, and what comes of cross-validation beside a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import TabularPreprocessingParameters, TrainingParameters
from casebook.preprocessing.arrays import Labels
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.target_statistics import KnownTargets
from casebook.stages import cross_validation, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SPLIT = {"strategy": "row", "keys": {}, "seed": 3}
TRAINING = TrainingParameters.model_validate(
    {
        "epochs": 1, "batch_size": 16, "loss": "binary_crossentropy", "metrics": ["accuracy"],
        "optimizer": {"name": "adam", "learning_rate": 0.01}, "network": {"hidden": [2]},
    }
).model_dump(mode="json")  # fmt: skip
PREPROCESSOR = TabularPreprocessingParameters().model_dump(mode="json")


class ListFolds:
    """Writes down the tags of each fold."""

    def __init__(self) -> None:
        self.tags: list[dict[str, str]] = []

    @contextmanager
    def fold(self, _name: str, tags: Mapping[str, str]) -> Iterator[list[object]]:
        self.tags.append(dict(tags))
        yield []

    def scores(self, metrics: Mapping[str, float]) -> None:
        assert "accuracy" in metrics


@pytest.fixture
def table() -> pd.DataFrame:
    number = np.arange(24)
    return pd.DataFrame({"a": number * 0.5, "leak": number, "y": (number % 2).astype(np.int8)})


@pytest.fixture
def parts() -> pd.DataFrame:
    # Rows 0-11 train, 12-15 validate, 16-19 test, 20 is train and test, the last three are not used.
    return pd.DataFrame({"part": np.array([1] * 12 + [2] * 4 + [4] * 4 + [5] + [0] * 3, dtype="uint8")})


def assign(
    table: pd.DataFrame, parts: pd.DataFrame, duplicates: str = "keep", task: str = "binary", **given: object
) -> pd.DataFrame:
    kept = table.copy(), parts.copy()
    found = cross_validation.assign_folds(
        table, parts, {"count": 3, "repeats": 1, "of": "training", **given}, duplicates, SPLIT, "y", task
    )
    pd.testing.assert_frame_equal(table, kept[0])
    pd.testing.assert_frame_equal(parts, kept[1])
    return found


def test_training_rows_are_dealt_or_all_that_are_used(table: pd.DataFrame, parts: pd.DataFrame) -> None:
    dealt = assign(table, parts)
    assert dealt.columns.tolist() == ["row", "repeat_1"]
    assert dealt["row"].tolist() == [*range(12), 20]
    assert np.bincount(dealt["repeat_1"]).tolist() in ([5, 4, 4], [4, 5, 4], [4, 4, 5])
    everything = assign(table, parts, of="all", repeats=2)
    assert everything.columns.tolist() == ["row", "repeat_1", "repeat_2"]
    assert everything["row"].tolist() == list(range(21))


def test_without_folds_no_row_is_dealt(table: pd.DataFrame, parts: pd.DataFrame) -> None:
    none = assign(table, parts, count=0)
    assert none.columns.tolist() == ["row"]
    assert len(none) == 0


def test_copies_stay_in_one_fold_where_they_are_grouped(table: pd.DataFrame, parts: pd.DataFrame) -> None:
    copies = pd.concat([table.head(4)] * 6, ignore_index=True)
    grouped = assign(copies, parts, "group", "regression", of="all")
    folds_of = grouped["repeat_1"].groupby(grouped["row"] % 4).nunique()
    assert folds_of.tolist() == [1, 1, 1, 1]
    assert (
        assign(copies, parts, task="regression", of="all")["repeat_1"].groupby(grouped["row"] % 4).nunique().max() > 1
    )


def test_the_settings_of_a_fold_are_those_of_the_run() -> None:
    evaluation = {"threshold": 0.25, "thresholds": [], "head_rows": 3}
    settings = ({"scaling": "none"}, {"epochs": 1}, "y", "binary", evaluation, {"name": "none"})
    assert cross_validation.gather_fold_settings(*settings) == {
        "preprocessing": {"scaling": "none"}, "training": {"epochs": 1}, "labels": Labels("y", "binary"),
        "evaluation": evaluation, "reference": {"name": "none"},
    }  # fmt: skip


def test_each_fold_is_prepared_anew_from_the_columns_of_the_run(
    table: pd.DataFrame, parts: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[pd.DataFrame] = []
    real = cross_validation.fit_features

    def remember(rows: pd.DataFrame, preprocessing: dict[str, Any], known: KnownTargets) -> object:
        fitted.append(rows)
        return real(rows, preprocessing, known)

    monkeypatch.setattr(cross_validation, "fit_features", remember)
    monitor, kept, dealt = ListFolds(), table.copy(), assign(table, parts, of="all")
    settings = cross_validation.gather_fold_settings(PREPROCESSOR, TRAINING, "y", "binary", {"threshold": 0.5}, {})
    # The run closed the leak: its preprocessor knows one column.
    preprocessor = fit_preprocessor(table[["a"]], TabularPreprocessingParameters())
    scores, metrics = cross_validation.cross_validate(table, dealt, preprocessor, settings, monitor)
    assert [rows.columns.tolist() for rows in fitted] == [["a"]] * 3
    for fold, rows in enumerate(fitted):
        assert rows["a"].tolist() == table["a"].iloc[dealt["row"][dealt["repeat_1"] != fold]].tolist()
    assert scores["rows"].tolist() == [7, 7, 7]
    assert metrics["folds/accuracy_mean"] == pytest.approx(scores["accuracy"].mean())
    assert metrics["folds/baseline_accuracy_variance"] == pytest.approx(scores["baseline_accuracy"].var(ddof=0))
    assert monitor.tags == [{"repeat": "1", "fold": str(fold)} for fold in (1, 2, 3)]
    pd.testing.assert_frame_equal(table, kept)


def test_a_fold_is_fitted_with_its_own_targets_and_the_keys_of_the_run() -> None:
    rows = pd.DataFrame({"shop": list("aabb"), "who": [1, 1, 2, 3], "y": [1, 0, 1, 1], "other": 0}, index=[9, 8, 7, 6])
    block = {"modality": "columns", "encoding": {"shop": "ordered_target"}}
    preprocessor = nodes.fit_features(rows[["shop"]], block, KnownTargets.of(rows, "y", "who"))
    table, fit = cross_validation.prepare_refits(rows, preprocessor, block, Labels("y", "binary"))
    assert (list(table), list(table.index)) == (["shop", "y", "who"], [0, 1, 2, 3])
    again = fit(table[1:]).columns[0]
    assert (again.key, again.prior) == ("who", 2 / 3)
    assert again.statistics_of == pytest.approx([(0 + 2 / 3) / 2, (2 + 2 / 3) / 3, 2 / 3])


def test_without_folds_there_is_nothing_to_tell(table: pd.DataFrame, parts: pd.DataFrame) -> None:
    preprocessor = fit_preprocessor(table[["a"]], TabularPreprocessingParameters())
    monitor = ListFolds()
    scores, metrics = cross_validation.cross_validate(table, assign(table, parts, count=0), preprocessor, {}, monitor)
    assert scores.columns.tolist() == ["repeat", "fold", "rows"]
    assert (len(scores), metrics, monitor.tags) == (0, {}, [])
