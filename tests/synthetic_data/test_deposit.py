"""The generated clients have the columns, forms and shares of the original file, and a truth to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from casebook.synthetic_data import deposit
from casebook.synthetic_data.deposit import (
    Sample,
    average_over_durations,
    best_reachable,
    generate_sample,
    score_duration,
    score_probability,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(clients=11_162, seed=3)


def test_the_table_has_the_columns_of_the_original_file_in_their_order(sample: Sample) -> None:
    assert sample.table.columns.tolist() == [
        "age", "job", "marital", "education", "default", "balance", "housing", "loan", "contact", "day", "month",
        "duration", "campaign", "pdays", "previous", "poutcome", "deposit",
    ]  # fmt: skip
    assert len(sample.table) == 11_162


def test_who_was_never_called_before_has_no_days_since_and_no_earlier_outcome(sample: Sample) -> None:
    first = sample.table["poutcome"] == "unknown"
    assert (first == (sample.table["pdays"] == -1)).all()
    assert (first == (sample.table["previous"] == 0)).all()
    assert first.mean() == pytest.approx(0.746, abs=0.02)


def test_shares_and_middles_are_those_of_the_original(sample: Sample) -> None:
    table = sample.table
    assert (table["deposit"] == "yes").mean() == pytest.approx(0.474, abs=0.015)
    assert (table["month"] == "may").mean() == pytest.approx(0.253, abs=0.015)
    assert (table["job"] == "management").mean() == pytest.approx(0.23, abs=0.015)
    assert table["duration"].median() == pytest.approx(255, abs=12)
    assert table["balance"].median() == pytest.approx(550, abs=60)
    assert 0.03 < (table["balance"] < 0).mean() < 0.1
    assert table[["age", "day", "duration", "campaign"]].min().tolist() == [18, 1, 2, 1]


def test_every_category_of_the_original_occurs(sample: Sample) -> None:
    counts = {name: sample.table[name].nunique() for name in deposit.CATEGORIES}
    assert counts == {
        "job": 12, "marital": 3, "education": 4, "default": 2, "housing": 2, "loan": 2, "contact": 3, "month": 12,
        "poutcome": 4,
    }  # fmt: skip


def test_who_said_yes_comes_first(sample: Sample) -> None:
    yes = (sample.table["deposit"] == "yes").to_numpy()
    assert yes[: yes.sum()].all()


def test_the_same_seed_gives_the_same_sample_and_another_another() -> None:
    first, again, other = (generate_sample(500, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)


@pytest.mark.parametrize("name", ["probability", "blind_probability"])
def test_both_probabilities_are_those_of_yes(sample: Sample, name: str) -> None:
    probability, yes = getattr(sample, name), (sample.table["deposit"] == "yes").to_numpy()
    for low, high in ((0, 0.3), (0.3, 0.6), (0.6, 1)):
        band = (probability >= low) & (probability < high)
        assert yes[band].mean() == pytest.approx(probability[band].mean(), abs=0.03)


def test_the_duration_is_worth_ten_points_of_accuracy(sample: Sample) -> None:
    with_duration, best = score_probability(sample.probability), best_reachable(sample)["row"]
    assert best["accuracy"] == pytest.approx(0.71, abs=0.01)
    assert with_duration["accuracy"] == pytest.approx(0.85, abs=0.01)
    assert with_duration["auc"] > best["auc"] + 0.1


def test_a_logistic_regression_on_other_rows_comes_within_two_points_of_the_best_reachable_accuracy(
    sample: Sample,
) -> None:
    from sklearn.linear_model import LogisticRegression

    table = sample.table.drop(columns=["deposit", "duration"])
    columns = pd.get_dummies(table.assign(old=(table["age"] - 42).abs(), rich=np.log1p(table["balance"].clip(0))))
    scaled = ((columns - columns.mean()) / columns.std()).to_numpy(float)
    yes, train = sample.table["deposit"] == "yes", np.random.default_rng(0).random(len(table)) < 0.7
    model = LogisticRegression(max_iter=500).fit(scaled[train], yes[train])
    best = best_reachable(sample)["row"]["accuracy"]
    assert best - 0.02 <= model.score(scaled[~train], yes[~train]) <= best + 0.015


def test_a_long_call_is_more_than_a_short_one_and_the_average_lies_between() -> None:
    score = np.array([-8.0, -4.0])
    short, long = (expit(score + score_duration(np.array([seconds]))) for seconds in (2, 3_900))
    average = average_over_durations(score)
    assert (short < average).all()
    assert (average < long).all()


def test_the_scores_of_a_probability_are_exact() -> None:
    assert score_probability(np.array([0.8, 0.3])) == {
        "accuracy": pytest.approx(0.75),
        "auc": pytest.approx((0.8 * 0.7 + 0.5 * (0.8 * 0.2 + 0.3 * 0.7)) / (1.1 * 0.9)),
    }


def test_the_file_reads_back_as_it_was_made_and_nothing_else_stays(sample: Sample, tmp_path: Path) -> None:
    deposit.write_sample(sample, tmp_path / "new")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["bank.csv"]
    read = pd.read_csv(tmp_path / "new" / "bank.csv")
    pd.testing.assert_frame_equal(read, sample.table, check_dtype=False)


def test_a_sample_too_small_to_split_is_refused() -> None:
    with pytest.raises(ValueError, match="clients is 199: a sample needs at least 200"):
        generate_sample(199, 1)
