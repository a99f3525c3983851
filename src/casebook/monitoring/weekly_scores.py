"""Scores of past predictions by week, once outcomes have arrived, beside the score of the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.evaluation.metrics import find_metric
from casebook.model_registry.comparison import score_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY, WEEK, OVERALL = "day", "week", "overall_"


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
    lines.append(("all", len(joined), _score(joined, metric)))
    return pd.DataFrame(lines, columns=[WEEK, "rows", metric])


def mean_test_scores(joined: pd.DataFrame) -> np.ndarray:
    """Average the test scores of the models that predicted the rows of each week, and of all together.

    Returns:
        Shape (weeks + 1,), in the order of `score_weeks`.
    """
    by_week = joined.groupby(_find_weeks(joined), sort=True)["test"].mean()
    return np.append(by_week.to_numpy(), joined["test"].mean())


def judge_weeks(weekly: pd.DataFrame, metric: str, test_score: float | np.ndarray, drop: float) -> pd.DataFrame:
    """Mark the weeks below the level: the test rows' score, worse by `drop`.

    Returns:
        The same with `test`, `level` and `below`.
    """
    sign = find_metric(metric).sign
    level = test_score - sign * drop
    below = (sign * (weekly[metric] - level) < 0).to_numpy()
    return weekly.assign(test=test_score, level=level, below=below)


def refuse_below_level(weekly: pd.DataFrame) -> None:
    """Raise when the newest week that could be scored, or all weeks together, are below the level.

    Raises:
        BelowLevelError: names the week, the score and the level.
    """
    metric = str(weekly.columns[2])
    scored = weekly[weekly[metric].notna()]
    for _, line in scored.tail(2).iterrows():
        if line["below"]:
            what = "all weeks together" if line[WEEK] == "all" else f"the week of {line[WEEK]}"
            raise BelowLevelError(
                f"{what}: {metric} {line[metric]:.4g} on {line['rows']:,} rows is worse than the level "
                f"{line['level']:.4g} (test rows {line['test']:.4g}); look at the run's curves, train anew or roll back"
            )


def weekly_metrics(weekly: pd.DataFrame, metric: str) -> dict[str, Mapping[int, float]]:
    """Return the curves of the metric, its level and the rows: a point for each week, numbered from the first."""
    weeks = weekly[weekly[WEEK] != "all"].reset_index(drop=True)
    scored = weeks[weeks[metric].notna()]
    curves = {f"monitor/{metric}": scored[metric], "monitor/level": scored["level"], "monitor/rows": weeks["rows"]}
    return {name: {int(str(step)): float(value) for step, value in points.items()} for name, points in curves.items()}


def summarize_weeks(weekly: pd.DataFrame) -> dict[str, float]:
    """Count the weeks and those that could be scored, and state the score of all together where there is one.

    Returns:
        `weeks`, `judged_weeks` and `overall_<metric>`.
    """
    metric = str(weekly.columns[2])
    together = weekly[WEEK] == "all"
    found = {"weeks": float((~together).sum()), "judged_weeks": float(weekly.loc[~together, metric].notna().sum())}
    overall = float(weekly.loc[together, metric].iloc[0])
    return found if np.isnan(overall) else found | {f"{OVERALL}{metric}": overall}


def _find_weeks(joined: pd.DataFrame) -> np.ndarray:
    """Return the Monday of each row's week."""
    days = pd.to_datetime(joined[DAY], format="%Y-%m-%d", errors="coerce")
    weeks = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d").fillna("unknown")
    return np.asarray(weeks.to_numpy())


def _score(rows: pd.DataFrame, metric: str) -> float:
    return score_rows(metric, rows["actual"].to_numpy(), rows)(None)
