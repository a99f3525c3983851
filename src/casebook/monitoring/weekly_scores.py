"""Scores of past predictions by week, once outcomes have arrived, beside the score of the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError
from casebook.evaluation.metrics import find_metric
from casebook.model_registry.comparison import score_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY, DAY, WEEK = "key", "day", "week"


class BelowLevelError(ValueError):
    """Scores have fallen below the allowed level."""


def join_outcomes(
    predicted: pd.DataFrame, outcomes: pd.DataFrame, key: str, target: str, classes: bool
) -> pd.DataFrame:
    """Join the outcomes that have arrived to the predictions of the same rows.

    Args:
        predicted: `key`, `day` and the answers.
        outcomes: the key under its own name (or as `row`, the number in the predicted file) and the target, as text.
        key: the name of the key's column.
        target: the name of the outcome's column.
        classes: whether outcomes are class numbers; yes and no stand for 1 and 0.

    Returns:
        The predictions with an outcome, in their order, with `actual`.

    Raises:
        InvalidTableError: a column is missing, a key stands twice, an outcome is no number, or none fits a prediction.
    """
    name = key or "row"
    missing = [column for column in (name, target) if column not in outcomes]
    if missing:
        raise InvalidTableError(
            f"outcomes lack {', '.join(missing)}; they have {', '.join(map(str, outcomes.columns))}"
        )
    keys = outcomes[name].astype("str")
    if keys.duplicated().any():
        raise InvalidTableError(f"outcomes, column {name}: {keys[keys.duplicated()].iloc[0]} stands more than once")
    actual = _numbers(outcomes[target], classes)
    places = pd.Index(keys).get_indexer(pd.Index(predicted[KEY].astype("str")))
    known = np.flatnonzero(places >= 0)
    known = known[~np.isnan(actual[places[known]])]
    if not len(known):
        raise InvalidTableError(f"none of the {len(outcomes):,} outcomes is of a predicted row (by column {name})")
    joined: pd.DataFrame = predicted.iloc[known].assign(actual=actual[places[known]]).reset_index(drop=True)
    return joined


def score_weeks(joined: pd.DataFrame, metric: str, least_rows: int) -> pd.DataFrame:
    """Score the predictions of each week and of all weeks together.

    Returns:
        `week` (its Monday; the last line `all`), `rows` and the metric, NaN where a week has fewer than `least_rows`
        outcomes or shows one class only.
    """
    days = pd.to_datetime(joined[DAY], format="%Y-%m-%d", errors="coerce")
    weeks = (days - pd.to_timedelta(days.dt.weekday, unit="D")).dt.strftime("%Y-%m-%d").fillna("unknown")
    lines = [
        (str(week), len(rows), _score(rows, metric) if len(rows) >= least_rows else np.nan)
        for week, rows in joined.groupby(weeks.to_numpy(), sort=True)
    ]
    lines.append(("all", len(joined), _score(joined, metric)))
    return pd.DataFrame(lines, columns=[WEEK, "rows", metric])


def judge_weeks(weekly: pd.DataFrame, metric: str, test_score: float, drop: float) -> pd.DataFrame:
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


def _score(rows: pd.DataFrame, metric: str) -> float:
    return score_rows(metric, rows["actual"].to_numpy(), rows)(None)


def _numbers(column: pd.Series, classes: bool) -> np.ndarray:
    texts = column.astype("str")
    if classes:
        texts = texts.replace({"yes": "1", "no": "0"})
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = np.flatnonzero(np.isnan(numbers) & column.notna().to_numpy())
    if len(wrong):
        raise InvalidTableError(
            f"outcomes, column {column.name}: {column.iloc[wrong[0]]!r} is no number (data row {wrong[0] + 1})"
        )
    return numbers
