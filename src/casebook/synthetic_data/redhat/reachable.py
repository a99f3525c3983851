"""The best accuracy that any model can reach on a sample.

The oracle knows the visible score and how far group and person effects spread, but must infer the effects from the
outcomes of the rows it has seen, as a model must. Both effects enter as one sum, so their posterior is worked out on
a grid of one dimension: the rows of a person give a likelihood of the sum, blurred by the person's spread it becomes
the person's message about the group, and a group's posterior is the prior times the messages of its people.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import log_ndtr, ndtr

from casebook.synthetic_data.redhat.draws import Floats, Integers
from casebook.synthetic_data.redhat.outcome import GROUP_SPREAD, PERSON_SPREAD
from casebook.synthetic_data.redhat.people import HUGE
from casebook.synthetic_data.redhat.sample import Sample

Mask = NDArray[np.bool_]

SPREAD = float(np.hypot(GROUP_SPREAD, PERSON_SPREAD))
GRID = np.linspace(-4.5, 4.5, 81) * SPREAD
SCORE_STEP = 0.02
CHUNK_ROWS = 50_000


def best_reachable(sample: Sample, test_share: float = 0.2, seed: int = 0) -> dict[str, dict[str, float]]:
    """Compute the expected accuracy of the best possible predictions on held-out rows, by split.

    Args:
        sample: What `generate_sample` gave.
        test_share: Share of the rows, people or ordinary groups held out.
        seed: Seed of what is held out.

    Returns:
        `accuracy` by split: "row", "person" and "group". The huge group is never held out by "group": what is
        peculiar to it could not be known, and so the figure is one of ordinary groups alone.
    """
    reached = compute_reachable(sample.truth, test_share, seed)
    return {split: {"accuracy": reach["expected"]} for split, reach in reached.items()}


def best_reachable_on(sample: Sample, held_out: Mask) -> float:
    """Compute the expected accuracy of the best possible predictions on chosen rows.

    Args:
        sample: What `generate_sample` gave.
        held_out: Which rows of act_train.csv are predicted; all the others are known.
    """
    return _score_oracle(sample.truth, held_out)["expected"]


def compute_reachable(truth: pd.DataFrame, test_share: float, seed: int) -> dict[str, dict[str, float]]:
    """Compute for each split the oracle's expected accuracy and its accuracy on the drawn outcomes."""
    return {split: _score_oracle(truth, held_out) for split, held_out in hold_out(truth, test_share, seed).items()}


def _score_oracle(truth: pd.DataFrame, held_out: Mask) -> dict[str, float]:
    probability = predict_outcome(truth, ~held_out)
    outcome = truth["outcome"].to_numpy()[held_out]
    return {
        "expected": float(np.maximum(probability, 1 - probability).mean()),
        "observed": float(((probability > 0.5) == outcome).mean()),
    }


def hold_out(truth: pd.DataFrame, test_share: float, seed: int) -> dict[str, Mask]:
    """Choose the held-out rows of each split at random."""
    rng = np.random.default_rng(seed)
    group, person = truth["group"].to_numpy(), truth["person"].to_numpy()
    people = np.unique(person)
    groups = np.unique(group[group != HUGE])
    return {
        "row": rng.random(len(truth)) < test_share,
        "person": np.isin(person, rng.choice(people, round(test_share * len(people)), replace=False)),
        "group": np.isin(group, rng.choice(groups, round(test_share * len(groups)), replace=False)),
    }


def predict_outcome(truth: pd.DataFrame, seen: Mask) -> Floats:
    """Predict the held-out rows from the outcomes of the others.

    Args:
        truth: What the generator knows of each labelled row.
        seen: Whether the oracle knows a row's outcome.

    Returns:
        The probability of outcome 1 of each row not seen, in their order.
    """
    score = truth["score"].to_numpy()
    # A person is in one group, so the huge group's people need no inference: their score decides.
    ordinary = truth["group"].to_numpy() != HUGE
    people, first, person = np.unique(truth["person"].to_numpy()[ordinary], return_index=True, return_inverse=True)
    group = np.unique(truth["group"].to_numpy()[ordinary][first], return_inverse=True)[1]
    outcome = truth["outcome"].to_numpy()[ordinary]
    known = seen[ordinary]
    likelihood = _sum_likelihoods(score[ordinary][known], outcome[known], person[known], len(people))
    posterior = _infer_effects(likelihood, group)
    probability = ndtr(score / np.hypot(1, SPREAD))
    asked = np.flatnonzero(ordinary)[~known]
    probability[asked] = _average_over_effects(score[asked], posterior, person[~known])
    asked_for: Floats = probability[~seen]
    return asked_for


def _sum_likelihoods(score: Floats, outcome: Integers, person: Integers, people: int) -> Floats:
    """Sum the log-likelihood of each grid point over the rows of each person -> people x grid."""
    total = np.zeros((people, len(GRID)))
    for value, sign in ((0, -1.0), (1, 1.0)):
        here = outcome == value
        levels, level = _round_scores(score[here])
        counts = csr_array((np.ones(len(level)), (person[here], level)), shape=(people, len(levels)))
        total += counts @ log_ndtr(sign * (levels[:, None] + GRID))
    return total


def _round_scores(score: Floats) -> tuple[Floats, Integers]:
    """Round scores to a fraction of the noise, so that few levels stand for all rows -> levels, place of each row."""
    steps, place = np.unique(np.rint(score / SCORE_STEP), return_inverse=True)
    return steps * SCORE_STEP, place


def _infer_effects(likelihood: Floats, group: Integers) -> Floats:
    """Compute the posterior of each person's summed effect from log-likelihoods -> people x grid."""
    blur = np.exp(-0.5 * ((GRID[:, None] - GRID) / PERSON_SPREAD) ** 2)
    blur /= blur.sum(axis=0)
    peak = likelihood.max(axis=1, keepdims=True)
    message = np.log(np.exp(likelihood - peak) @ blur)
    # What the others of the group say about its effect; the person's own rows come in after it.
    others = (_adder(group, int(group.max(initial=-1)) + 1) @ message)[group] - message
    belief = _normalise(others - 0.5 * (GRID / GROUP_SPREAD) ** 2)
    return _normalise(np.log(belief @ blur.T + 1e-300) + likelihood)


def _average_over_effects(score: Floats, posterior: Floats, person: Integers) -> Floats:
    """Average the probability of outcome 1 over the posterior of the person's summed effect."""
    levels, level = _round_scores(score)
    table = ndtr(levels[:, None] + GRID)
    probability = np.empty(len(score))
    for start in range(0, len(score), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        probability[part] = np.einsum("rg,rg->r", posterior[person[part]], table[level[part]])
    return probability


def _adder(target: Integers, targets: int) -> csr_array:
    """Build the matrix that sums rows into their targets."""
    return csr_array((np.ones(len(target)), (target, np.arange(len(target)))), shape=(targets, len(target)))


def _normalise(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    normalised: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normalised
