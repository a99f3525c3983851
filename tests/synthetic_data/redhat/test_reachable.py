"""The best reachable accuracy is exact, ordered by split, and out of a linear model's reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from casebook.synthetic_data.redhat import best_reachable, best_reachable_on
from casebook.synthetic_data.redhat.outcome import GROUP_SPREAD, PERSON_SPREAD
from casebook.synthetic_data.redhat.reachable import compute_reachable, hold_out, predict_outcome

if TYPE_CHECKING:
    from casebook.synthetic_data.redhat import Sample

LOW = ["activity_category", *(f"people_char_{number}" for number in range(1, 10))]


def predict_by_simulation(truth: pd.DataFrame, seen: np.ndarray, draws: int = 400_000) -> np.ndarray:
    """Weigh random effects by how well they explain the rows seen; the same answer by another way."""
    rng = np.random.default_rng(0)
    groups = rng.normal(0, GROUP_SPREAD, (draws, truth["group"].max() + 1))
    people = rng.normal(0, PERSON_SPREAD, (draws, truth["person"].max() + 1))
    latent = truth["score"].to_numpy() + groups[:, truth["group"]] + people[:, truth["person"]]
    signs = 2 * truth["outcome"].to_numpy() - 1
    weights = ndtr(signs[seen] * latent[:, seen]).prod(axis=1)
    return weights @ ndtr(latent[:, ~seen]) / weights.sum()


def test_the_oracle_agrees_with_a_simulation_of_the_effects() -> None:
    # Group 1 has a person with many rows, one with a single row and a new one; nobody of group 2 is known.
    truth = pd.DataFrame(
        {
            "person": [1, 1, 1, 1, 1, 2, 2, 3, 4],
            "group": [1, 1, 1, 1, 1, 1, 1, 1, 2],
            "score": [0.3, -0.5, 1.0, -1.5, 0.0, 0.4, -0.8, 0.6, -0.7],
            "outcome": [1, 1, 0, 1, 1, 0, 1, 1, 0],
        }
    )
    seen = np.array([True, True, True, True, False, True, False, False, False])
    assert predict_outcome(truth, seen) == pytest.approx(predict_by_simulation(truth, seen), abs=0.006)


def test_without_a_row_of_its_group_a_row_is_predicted_by_its_score_alone() -> None:
    truth = pd.DataFrame({"person": [5, 6], "group": [1, 2], "score": [4.0, 0.8], "outcome": [1, 0]})
    alone = ndtr(0.8 / np.sqrt(1 + GROUP_SPREAD**2 + PERSON_SPREAD**2))
    assert predict_outcome(truth, np.array([True, False])) == pytest.approx([alone], abs=0.002)


def test_the_outcomes_of_held_out_rows_are_never_used(sample: Sample) -> None:
    held_out = hold_out(sample.truth, 0.2, seed=0)["row"]
    turned = sample.truth.assign(outcome=sample.truth["outcome"].where(~held_out, 1 - sample.truth["outcome"]))
    assert (predict_outcome(sample.truth, ~held_out) == predict_outcome(turned, ~held_out)).all()


def test_no_person_and_no_group_is_on_both_sides_of_its_split(sample: Sample) -> None:
    held_out = hold_out(sample.truth, 0.2, seed=0)
    for key in ("person", "group"):
        sides = sample.truth[key].groupby(held_out[key]).unique()
        assert not set(sides[True]) & set(sides[False])
    assert 0 not in set(sample.truth["group"][held_out["group"]])


def test_row_is_clearly_above_person_and_person_clearly_above_group(sample: Sample) -> None:
    best = {split: scores["accuracy"] for split, scores in best_reachable(sample).items()}
    assert best["row"] > best["person"] + 0.02
    assert best["person"] > best["group"] + 0.04
    assert (best["row"], best["group"]) == pytest.approx((0.95, 0.82), abs=0.02)


def test_the_expected_accuracy_is_the_one_the_oracle_has_on_the_drawn_outcomes(sample: Sample) -> None:
    figures = compute_reachable(sample.truth, test_share=0.2, seed=1)
    for split, tolerance in {"row": 0.01, "person": 0.015, "group": 0.04}.items():
        assert figures[split]["observed"] == pytest.approx(figures[split]["expected"], abs=tolerance)


def test_rows_of_ones_own_choice_give_the_figure_of_their_split(sample: Sample) -> None:
    held_out = hold_out(sample.truth, 0.2, seed=0)["person"]
    assert best_reachable_on(sample, held_out) == best_reachable(sample, 0.2, seed=0)["person"]["accuracy"]


def build_features(sample: Sample) -> pd.DataFrame:
    """The published features, ids included, with the names that the columns have after the join."""
    people = sample.tables["people.csv"].add_prefix("people_").iloc[sample.truth["person"].to_numpy()]
    rows = pd.concat([sample.tables["act_train.csv"].reset_index(drop=True), people.reset_index(drop=True)], axis=1)
    parts = [pd.get_dummies(rows[LOW], dtype=float), rows[[f"people_char_{n}" for n in range(10, 39)]].astype(float)]
    parts.append(rows[["people_group_1", "char_10"]].apply(lambda column: column.cat.codes).astype(float))
    for name in ("date", "people_date"):
        days = pd.to_datetime(rows[name].astype(str))
        parts.append(
            pd.DataFrame({f"{name}_{part}": getattr(days.dt, part) for part in ("year", "month", "quarter", "day")})
        )
        parts.append(pd.DataFrame({f"{name}_week": days.dt.isocalendar().week, f"{name}_weekday": days.dt.day_of_week}))
    return pd.concat(parts, axis=1).astype(float)


def test_trees_come_near_the_best_on_new_people_and_a_linear_model_stays_far_below(sample: Sample) -> None:
    features, outcome = build_features(sample), sample.truth["outcome"]
    held_out = hold_out(sample.truth, 0.2, seed=0)["person"]
    best = best_reachable_on(sample, held_out)
    scaler = StandardScaler().fit(features[~held_out])
    few = np.flatnonzero(~held_out)[::4]
    linear = LogisticRegression(max_iter=40, tol=1e-2).fit(scaler.transform(features.iloc[few]), outcome.iloc[few])
    trees = HistGradientBoostingClassifier(max_iter=30, learning_rate=0.25, random_state=0).fit(
        features[~held_out], outcome[~held_out]
    )
    assert linear.score(scaler.transform(features[held_out]), outcome[held_out]) < best - 0.05
    assert trees.score(features[held_out], outcome[held_out]) > best - 0.03
