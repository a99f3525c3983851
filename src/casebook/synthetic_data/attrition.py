"""Synthetic sample in place of HR_comma_sep.csv: same columns, forms and shares, exact copies, a known truth.

Shares were measured on the original's distinct rows and rounded; no row of it is kept. People leave for three reasons
(too little to do, too much, good and long enough there) or for none that shows. Within a reason, and among those who
stay, the columns are drawn independently, so that the probability of leaving is known for every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

FILE = "HR_comma_sep.csv"
MIN_EMPLOYEES = 200
COPIED_SHARE, LEFT_SHARE, LEFT_AMONG_COPIES = 3_008 / 14_999, 3_571 / 14_999, 0.525
HUNDREDTHS = ("satisfaction_level", "last_evaluation")
COLUMNS = (
    "satisfaction_level", "last_evaluation", "number_project", "average_montly_hours", "time_spend_company",
    "Work_accident", "left", "promotion_last_5years", "Department", "salary",
)  # fmt: skip
DEPARTMENTS = {
    "sales": 270, "technical": 187, "support": 152, "IT": 81, "RandD": 58, "product_mng": 57, "marketing": 56,
    "accounting": 52, "hr": 50, "management": 37,
}  # fmt: skip
SALARIES = ("low", "medium", "high")

Shares = dict[int, float]
DEPARTMENT_SHARES: Shares = dict(enumerate(map(float, DEPARTMENTS.values())))


def _evenly(first: int, last: int, weight: float = 1.0) -> Shares:
    """Spread a weight over the whole numbers of a span."""
    return dict.fromkeys(range(first, last + 1), weight / (last - first + 1))


def _leaver(satisfaction: Shares, evaluation: Shares, hours: Shares, projects: Shares, years: Shares) -> list[Shares]:
    return [satisfaction, evaluation, projects, hours, years, {0: 95, 1: 5}, {0: 996, 1: 4}, {0: 59, 1: 39, 2: 2}]


# Of each reason its share, and the shares of the values of the columns in their order, but for the department:
# satisfaction and evaluation in hundredths, the salary by its place in SALARIES.
Reason = tuple[float, list[Shares]]
STAYERS: list[Reason] = [
    (
        1.0,
        [
            {**_evenly(12, 49, 0.2), **_evenly(50, 100, 0.8)},
            {**_evenly(36, 48, 0.08), **_evenly(49, 100, 0.92)},
            {2: 72, 3: 348, 4: 345, 5: 189, 6: 46},
            {**_evenly(96, 133, 0.07), **_evenly(134, 274, 0.91), **_evenly(275, 287, 0.02)},
            {2: 288, 3: 432, 4: 151, 5: 58, 6: 43, 7: 9, 8: 8, 10: 11},
            {0: 826, 1: 174},
            {0: 980, 1: 20},
            {0: 457, 1: 449, 2: 94},
        ],
    )
]
LEAVERS: list[Reason] = [
    # Too little to do.
    (0.42, _leaver(_evenly(36, 46), _evenly(45, 57), _evenly(127, 160), {2: 1}, {3: 99, 4: 1})),
    # Worn out.
    (0.25, _leaver(_evenly(9, 11), _evenly(77, 97), _evenly(244, 310), {5: 5, 6: 68, 7: 27}, {4: 89, 5: 11})),
    # Good, busy and long enough there.
    (0.245, _leaver(_evenly(72, 92), _evenly(81, 100), _evenly(216, 275), {4: 4, 5: 6}, {5: 8, 6: 2})),
    # For no reason that shows.
    (
        0.085,
        _leaver(
            satisfaction=_evenly(9, 90),
            evaluation=_evenly(45, 100),
            hours=_evenly(128, 310),
            projects={2: 12, 3: 21, 4: 25, 5: 19, 6: 17, 7: 6},
            years={2: 16, 3: 27, 4: 30, 5: 22, 6: 5},
        ),
    ),
]


@dataclass(frozen=True)
class Sample:
    """A generated sample.

    Attributes:
        table: what the file holds, one fifth of the rows being exact copies of others.
        probability: of leaving, for each row of the table, given its columns but not its copies.
    """

    table: pd.DataFrame
    probability: np.ndarray


def generate_sample(employees: int, seed: int) -> Sample:
    """Generate a sample; the same arguments give the same sample.

    Args:
        employees: rows in all.
        seed: seed of everything drawn.

    Returns:
        The table, in the order of the original: who left, who stayed, then the copies.

    Raises:
        ValueError: there are fewer than 200 employees.
    """
    if employees < MIN_EMPLOYEES:
        raise ValueError(f"employees is {employees}: a sample needs at least {MIN_EMPLOYEES}")
    rng = np.random.default_rng(seed)
    copies = {1: round(employees * COPIED_SHARE * LEFT_AMONG_COPIES)}
    copies[0] = round(employees * COPIED_SHARE) - copies[1]
    leavers = round(employees * LEFT_SHARE)
    stayers = employees - leavers
    distinct = {
        1: draw_distinct(LEAVERS, leavers - copies[1], rng),
        0: draw_distinct(STAYERS, stayers - copies[0], rng),
    }
    again = [distinct[left][rng.integers(len(distinct[left]), size=copies[left])] for left in (1, 0)]
    values = np.concatenate([distinct[1], distinct[0], *again])
    left = np.repeat([1, 0, 1, 0], [len(distinct[1]), len(distinct[0]), copies[1], copies[0]])
    return Sample(tabulate(values, left), probability_of_leaving(values))


def draw_distinct(reasons: list[Reason], rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows of which no two are equal: int64 of shape (rows, 9), the department's place last."""
    drawn = np.empty((0, 9), dtype=np.int64)
    while len(drawn) < rows:
        reason = rng.choice(len(reasons), size=rows, p=[share for share, _ in reasons])
        more = np.empty((rows, 9), dtype=np.int64)
        for number, (_, columns) in enumerate(reasons):
            mine = reason == number
            for place, shares in enumerate([*columns, DEPARTMENT_SHARES]):
                weights = np.array(list(shares.values()))
                more[mine, place] = rng.choice(list(shares), size=mine.sum(), p=weights / weights.sum())
        drawn = np.concatenate([drawn, more])
        drawn = drawn[np.sort(np.unique(drawn, axis=0, return_index=True)[1])]
    return drawn[:rows]


def probability_of_leaving(values: np.ndarray) -> np.ndarray:
    """Compute the probability of leaving from the columns, by Bayes's rule; the department says nothing.

    Args:
        values: rows as `draw_distinct` gives them.

    Returns:
        float64 of shape (rows,). Rejecting equal rows moves it by less than the sample's noise.
    """
    leaver = LEFT_SHARE * likelihood(LEAVERS, values)
    return np.asarray(leaver / (leaver + (1 - LEFT_SHARE) * likelihood(STAYERS, values)))


def likelihood(reasons: list[Reason], values: np.ndarray) -> np.ndarray:
    """Compute the likelihood of each row among those who leave, or stay, for one of the reasons."""
    total = np.zeros(len(values))
    for share, columns in reasons:
        of_columns = [
            np.array([shares.get(value, 0.0) for value in values[:, place].tolist()]) / sum(shares.values())
            for place, shares in enumerate(columns)
        ]
        total += share * np.prod(of_columns, axis=0)
    return total


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:
    """Compute the best reachable scores without looking a copy's outcome up in the training rows.

    Returns:
        For the strategy `row`, with duplicates grouped: `accuracy` and `auc` of the true probability.
    """
    probability = sample.probability
    both = np.repeat([1, 0], len(probability))
    weights = np.concatenate([probability, 1 - probability])
    auc = float(roc_auc_score(both, np.tile(probability, 2), sample_weight=weights))
    return {"row": {"accuracy": float(np.maximum(probability, 1 - probability).mean()), "auc": auc}}


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the table as a CSV file, atomically.

    Args:
        sample: what `generate_sample` gave.
        folder: where the file goes; made where missing.
    """
    with atomic_write(folder / FILE) as path:
        sample.table.to_csv(path, index=False)


def tabulate(values: np.ndarray, left: np.ndarray) -> pd.DataFrame:
    """Build the table of drawn rows with the original's columns."""
    names = [name for name in COLUMNS if name not in {"left", "Department", "salary"}]
    table: dict[str, object] = {name: values[:, place] for place, name in enumerate(names)}
    table |= {name: values[:, place] / 100 for place, name in enumerate(HUNDREDTHS)}
    table |= {"salary": np.array(SALARIES)[values[:, 7]], "Department": np.array(list(DEPARTMENTS))[values[:, 8]]}
    return pd.DataFrame({**table, "left": left})[list(COLUMNS)]
