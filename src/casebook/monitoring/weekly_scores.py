"""Scores of past predictions by week, once outcomes have arrived, beside the score of the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.evaluation.intervals import Interval, bootstrap_scores, count_resamples, find_interval
from casebook.evaluation.metrics import find_metric
from casebook.model_registry.comparison import score_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY, WEEK, OVERALL = "day", "week", "overall_"
# Of so many rows an interval of the score is given: fewer cannot tell a fall from chance.
LEAST_ROWS = 5
ALL = "all"


class BelowLevelError(ValueError):
    """Scores have fallen below the allowed level."""


def score_weeks(joined: pd.DataFrame, metric: str, least_rows: int) -> pd.DataFrame:
    """Score the predictions of each week and of all weeks together.

    Returns:
        `week` (its Monday; the last line `all`), `rows` and the metric, NaN where a week has fewer than `least_rows`
        outcomes or shows one class only.
    """
    lines = [
        (str(week), len(rows), _score(rows, metric) if len(rows) >= least_rows else np.nan)
        for week, rows in joined.groupby(_find_weeks(joined), sort=True)
    ]
    lines.append((ALL, len(joined), _score(joined, metric)))
    return pd.DataFrame(lines, columns=[WEEK, "rows", metric])


def mean_test_scores(joined: pd.DataFrame) -> np.ndarray:
    """Average the test scores of the models that predicted the rows of each week, and of all together.

    Returns:
        Shape (weeks + 1,), in the order of `score_weeks`.
    """
    by_week = joined.groupby(_find_weeks(joined), sort=True)["test"].mean()
    return np.append(by_week.to_numpy(), joined["test"].mean())


def judge_weeks(
    weekly: pd.DataFrame, joined: pd.DataFrame, metric: str, test_score: float | np.ndarray, drop: float
) -> pd.DataFrame:
    """Mark the weeks below the level, the test rows' score worse by `drop`, by more than chance makes of their rows.

    Args:
        weekly: of `score_weeks`.
        joined: the rows that it is made of.
        metric: that they are scored by.
        test_score: of each week, or of all.
        drop: how much worse than on the test rows is still good enough.

    Returns:
        The same with `test`, `level`, `low`, `high` and `below`. The 95 % interval is that of weeks worse than the
        level alone; one whose interval reaches the level is not below.
    """
    sign = find_metric(metric).sign
    level = test_score - sign * drop
    judged = weekly.assign(test=test_score, level=level)
    low, high = np.full((2, len(judged)), np.nan)
    weeks = _find_weeks(joined)
    worse = (sign * (judged[metric] - judged["level"]) < 0).to_numpy()
    for place in np.flatnonzero(worse):
        week = judged[WEEK].iloc[int(place)]
        low[place], high[place] = _find_interval(joined if week == ALL else joined[weeks == week], metric)
    best = high if sign > 0 else low
    # NaN, where there is no interval, is not below.
    return judged.assign(low=low, high=high, below=sign * (best - judged["level"].to_numpy()) < 0)


def refuse_below_level(weekly: pd.DataFrame) -> None:
    """Raise when the newest week that could be scored, or all weeks together, are below the level.

    Raises:
        BelowLevelError: names the week, the score and the level.
    """
    metric = str(weekly.columns[2])
    scored = weekly[weekly[metric].notna()]
    for _, line in scored.tail(2).iterrows():
        if line["below"]:
            what = "all weeks together" if line[WEEK] == ALL else f"the week of {line[WEEK]}"
            raise BelowLevelError(
                f"{what}: {metric} {line[metric]:.4g} [{line['low']:.4g}, {line['high']:.4g}] on "
                f"{line['rows']:,} rows is worse than the level "
                f"{line['level']:.4g} (test rows {line['test']:.4g}); look at the run's curves, train anew or roll back"
            )


def weekly_metrics(weekly: pd.DataFrame, metric: str) -> dict[str, Mapping[int, float]]:
    """Return the curves of the metric, its level and the rows: a point for each week, numbered from the first."""
    weeks = weekly[weekly[WEEK] != ALL].reset_index(drop=True)
    scored = weeks[weeks[metric].notna()]
    curves = {f"monitor/{metric}": scored[metric], "monitor/level": scored["level"], "monitor/rows": weeks["rows"]}
    return {name: {int(str(step)): float(value) for step, value in points.items()} for name, points in curves.items()}


def summarize_weeks(weekly: pd.DataFrame) -> dict[str, float]:
    """Count the weeks and those that could be scored, and state the score of all together where there is one.

    Returns:
        `weeks`, `judged_weeks` and `overall_<metric>`.
    """
    metric = str(weekly.columns[2])
    together = weekly[WEEK] == ALL
    found = {"weeks": float((~together).sum()), "judged_weeks": float(weekly.loc[~together, metric].notna().sum())}
    overall = float(weekly.loc[together, metric].iloc[0])
    return found if np.isnan(overall) else found | {f"{OVERALL}{metric}": overall}


def _find_weeks(joined: pd.DataFrame) -> np.ndarray:
    """Return the Monday of each row's week."""
    days = pd.to_datetime(joined[DAY], format="%Y-%m-%d", errors="coerce")
    weeks = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d").fillna("unknown")
    return np.asarray(weeks.to_numpy())


def _find_interval(rows: pd.DataFrame, metric: str) -> Interval:
    resamples = count_resamples(len(rows)) if len(rows) >= LEAST_ROWS else 0
    scorer = score_rows(metric, rows["actual"].to_numpy(), rows)
    return find_interval(bootstrap_scores({metric: scorer}, np.arange(len(rows)), resamples)[metric])


def _score(rows: pd.DataFrame, metric: str) -> float:
    return score_rows(metric, rows["actual"].to_numpy(), rows)(None)
