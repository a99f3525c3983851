"""The generated employees have the columns, forms, shares and copies of the original file, and a truth to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from casebook.synthetic_data import attrition
from casebook.synthetic_data.attrition import COLUMNS, LEAVERS, STAYERS, Sample, best_reachable, generate_sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(employees=6_000, seed=3)


def test_the_table_has_the_columns_of_the_original_file_in_their_order(sample: Sample) -> None:
    assert sample.table.columns.tolist() == [
        "satisfaction_level", "last_evaluation", "number_project", "average_montly_hours", "time_spend_company",
        "Work_accident", "left", "promotion_last_5years", "Department", "salary",
    ]  # fmt: skip


def test_a_fifth_of_the_rows_are_exact_copies_as_in_the_original() -> None:
    table = generate_sample(employees=14_999, seed=1).table
    assert len(table) == 14_999
    assert table.duplicated().sum() == 3_008
    assert table["left"].sum() == 3_571


def test_who_left_comes_first_then_who_stayed_then_the_copies(sample: Sample) -> None:
    left, copied = sample.table["left"].to_numpy(), sample.table.duplicated().to_numpy()
    assert not copied[:-1203].any()
    assert copied[-1203:].all()
    assert (np.diff(left[:-1203]) <= 0).all()


def test_shares_and_categories_are_those_of_the_original(sample: Sample) -> None:
    table = sample.table
    assert set(table["salary"]) == {"low", "medium", "high"}
    assert table["Department"].nunique() == 10
    assert (table["Department"] == "sales").mean() == pytest.approx(0.276, abs=0.02)
    assert table["left"].mean() == pytest.approx(0.238, abs=0.001)
    assert table["satisfaction_level"].between(0.09, 1).all()
    assert table["average_montly_hours"].between(96, 310).all()
    assert table["satisfaction_level"].mul(100).round().div(100).eq(table["satisfaction_level"]).all()


def test_the_shares_of_the_reasons_add_up() -> None:
    assert sum(share for share, _ in LEAVERS) == pytest.approx(1)
    assert sum(share for share, _ in STAYERS) == 1


def test_the_same_seed_gives_the_same_sample_and_another_another() -> None:
    first, again, other = (generate_sample(500, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)


def test_the_probability_is_that_of_leaving(sample: Sample) -> None:
    left, probability = sample.table["left"].to_numpy(), sample.probability
    assert probability.mean() == pytest.approx(left.mean(), abs=0.01)
    assert (left[probability == 1] == 1).all()
    sure = probability < 0.05
    assert left[sure].mean() == pytest.approx(probability[sure].mean(), abs=0.005)


def test_the_best_reachable_scores_are_those_of_the_true_probability() -> None:
    table = pd.DataFrame(index=range(4))
    known = Sample(table, np.array([0.9, 0.1, 0.6, 0.0]))
    best = best_reachable(known)
    assert list(best) == ["row"]
    assert best["row"]["accuracy"] == pytest.approx((0.9 + 0.9 + 0.6 + 1.0) / 4)
    pairs = [(p, q) for p in (0.9, 0.1, 0.6, 0.0) for q in (0.9, 0.1, 0.6, 0.0)]
    won = sum(p * (1 - q) * (1.0 if p > q else 0.5 if p == q else 0.0) for p, q in pairs)
    assert best["row"]["auc"] == pytest.approx(won / (1.6 * 2.4))


def test_trees_on_other_rows_come_within_a_point_of_the_best_reachable_accuracy(sample: Sample) -> None:
    table = sample.table.astype({"Department": "category", "salary": "category"}).drop_duplicates()
    train = np.random.default_rng(0).random(len(table)) < 0.7
    columns = table.drop(columns="left")
    trees = HistGradientBoostingClassifier(max_iter=60, categorical_features="from_dtype", random_state=0)
    found = trees.fit(columns[train], table["left"][train]).score(columns[~train], table["left"][~train])
    distinct = Sample(table, sample.probability[table.index])
    best = best_reachable(distinct)["row"]["accuracy"]
    assert best - 0.01 <= found <= best + 0.01


def test_the_file_reads_back_as_it_was_made_and_nothing_else_stays(sample: Sample, tmp_path: Path) -> None:
    attrition.write_sample(sample, tmp_path / "new")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["HR_comma_sep.csv"]
    read = pd.read_csv(tmp_path / "new" / "HR_comma_sep.csv")
    pd.testing.assert_frame_equal(read, sample.table.astype({"Department": "str", "salary": "str"}))
    assert tuple(read) == COLUMNS


def test_a_sample_too_small_to_split_is_refused() -> None:
    with pytest.raises(ValueError, match="employees is 199: a sample needs at least 200"):
        generate_sample(199, 1)
