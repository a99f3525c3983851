"""Columns that may tell the target because they come after it, with the evidence; closing them is left to the user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from casebook.schema_inference.evidence import Outcome, Score, read_numbers, score_alone, score_nulls, score_reversed
from casebook.schema_inference.orders import split_name
from casebook.schema_inference.splits import times_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.schema_inference.targets import Target
    from casebook.schema_inference.types import InferredType
    from casebook.schema_inference.values import ColumnValues

SAMPLED_ROWS = 20_000
# Honest columns of some 140 real tables stay below: R2 0.93 (a city's sales), AUC 0.97 (a tumour's perimeter), of
# several classes 0.98 (petals).
SUSPECT_R2, SUSPECT_AUC, SUSPECT_MULTICLASS_AUC, SUSPECT_RANK = 0.95, 0.985, 0.99, 0.99
# Few categories that explain nearly all of a number were cut out of it.
FEW_CATEGORIES, SUSPECT_CATEGORIES_R2 = 20, 0.9
# An AUC that is reached by errors avoided too, and not by the order alone.
SUSPECT_SKILLED_AUC, SUSPECT_SKILL = 0.965, 0.85
SUSPECT_REVERSED, SUSPECT_NULLS = 0.95, 0.95
# Of a column's nulls in rows without a target, and of those rows; where more columns have them, nothing was recorded.
NULL_PRECISION, NULL_RECALL, MIN_NULLS, MAX_RECORDED = 0.95, 0.8, 10, 10
RECORDED_R2, RECORDED_AUC = 0.3, 0.75
# With a name that says that it comes after, and with one that has the target's name in it.
NAMED_AUC, NAMED_R2 = 0.6, 0.02
SAME_NAME_AUC, SAME_NAME_R2 = 0.8, 0.5
# With the word for a quantity that the target's name ends in: hwy_mpg beside comb_mpg.
SAME_QUANTITY_R2, MIN_QUANTITY_LETTERS = 0.9, 3
AFTER_WORDS = {
    "paid", "repaid", "refunded", "refund", "settled", "recovered", "outcome", "result", "final", "actual", "resolved",
    "resolution", "closed", "completed", "cancelled", "canceled", "discharged", "discharge", "died", "after",
    "followup", "reason", "pred", "predicted", "prediction", "yhat", "proba", "fitted", "residual", "resid",
}  # fmt: skip
BEFORE_WORDS = {
    "previous",
    "prev",
    "prior",
    "last",
    "past",
    "before",
    "baseline",
    "initial",
    "historical",
    "history",
    "lag",
    "first",
}
# A year, or a number with a unit of time, at the end of a name: population_2016, bdi.4m.
UNITS = "m|mo|mon|month|w|wk|week|d|day|y|yr|year|h|hr|hour"
DATED = re.compile(rf"(?i)(?P<stem>.+?)(?P<number>(?:19|20)\d\d|\d+(?=[ ._]?(?:{UNITS})s?$))(?P<unit>\D*)")
LATER_SHARE, STRICTLY_LATER_SHARE = 0.99, 0.5
# A day that comes so evenly after another, leap years aside, is known from that: days, and their share of the distance.
EVENLY_LATER_DAYS, EVENLY_LATER_SHARE = 3, 0.05


@dataclass(frozen=True)
class Suspect:
    """A column that may be a leak.

    Attributes:
        column: its name.
        evidence: in one line.
    """

    column: str
    evidence: str


def find_suspects(
    columns: Mapping[str, ColumnValues], types: Mapping[str, InferredType], target: Target, time: str = ""
) -> list[Suspect]:
    """Look at each column alone, on a sample of the rows.

    Args:
        columns: of the rows that may be features, and of joined tables, a value a row.
        types: of them.
        target: what is predicted.
        time: the column that says when a row happened, where there is one.

    Returns:
        The suspects in the order of the columns.
    """
    known = np.flatnonzero(target.column.codes >= 0)
    rows = _sample(known, SAMPLED_ROWS)
    outcome = _outcome(target, rows)
    sampled = {name: column.take(rows) for name, column in columns.items()}
    scores = {
        name: score_alone(column, types[name], outcome)
        for name, column in sampled.items()
        if types[name].type != "text"
    }
    named = _find_named(scores, target)
    recorded = _find_recorded_with_target(columns, scores, target)
    found = []
    for name in columns:
        if name == time:
            # A trend is what a split by time asks for, and the time itself is no feature.
            continue
        before = _compare_dates(name, target.column.name) < 0
        reasons = [
            "" if before else _judge_score(scores.get(name), types[name], sampled[name], target),
            # What species a leaf is of tells its edge too; what is cut out of a number or a scale is another thing.
            _judge_reversed(sampled[name], outcome) if target.ordered and not before else "",
            recorded.get(name) or _judge_nulls(sampled[name], outcome),
            named.get(name, ""),
            _judge_dates(columns, types, name, time),
        ]
        if any(reasons):
            found.append(Suspect(name, "; ".join(reason for reason in reasons if reason)))
    return found


def _sample(rows: np.ndarray, most: int) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(np.random.default_rng(1).choice(rows, most, replace=False))


def _outcome(target: Target, rows: np.ndarray) -> Outcome:
    column = target.column
    if target.task == "regression":
        return Outcome(read_numbers(column)[rows], 0)
    return Outcome(column.codes[rows].astype(np.float64), len(column.distinct))


def _judge_score(score: Score | None, inferred: InferredType, column: ColumnValues, target: Target) -> str:
    """Say how well the column alone tells the target, where that is suspicious."""
    if score is None:
        return ""
    if target.task == "regression":
        few = not inferred.is_number and not inferred.is_date and len(column.distinct) <= FEW_CATEGORIES
        if score.strength >= SUSPECT_R2 or (few and score.strength >= SUSPECT_CATEGORIES_R2):
            return f"alone it tells the target: R2 {score.strength:.3f} on held-out rows"
        return (
            f"it orders the rows as the target does: rank correlation {score.rank:.3f}"
            if score.rank >= SUSPECT_RANK
            else ""
        )
    level = SUSPECT_AUC if target.task == "binary" else SUSPECT_MULTICLASS_AUC
    skilled = target.task == "binary" and score.strength >= SUSPECT_SKILLED_AUC and score.skill >= SUSPECT_SKILL
    return (
        f"alone it tells the target: AUC {score.strength:.3f} on held-out rows"
        if score.strength >= level or skilled
        else ""
    )


def _judge_reversed(column: ColumnValues, outcome: Outcome) -> str:
    skill = score_reversed(column, outcome)
    return f"the target tells it: {skill:.1%} of errors avoided" if skill >= SUSPECT_REVERSED else ""


def _find_recorded_with_target(
    columns: Mapping[str, ColumnValues], scores: Mapping[str, Score | None], target: Target
) -> dict[str, str]:
    """Find columns that are null just where the target is, so that what is there was recorded together with it.

    One of them must tell the target too: people who did not answer leave many columns empty, and so do countries that
    were not judged.
    """
    lacking = target.column.codes < 0
    found: dict[str, str] = {}
    for name, column in columns.items():
        null = column.codes < 0
        both = int((null & lacking).sum())
        if both >= max(MIN_NULLS, NULL_PRECISION * null.sum(), NULL_RECALL * lacking.sum()):
            found[name] = f"null where the target is: {both:,} of its {int(null.sum()):,} nulls"
    if len(found) > MAX_RECORDED:
        return {}
    least = RECORDED_R2 if target.task == "regression" else RECORDED_AUC
    return found if any((score := scores.get(name)) and score.strength >= least for name in found) else {}


def _judge_nulls(sampled: ColumnValues, outcome: Outcome) -> str:
    """Say where the column's nulls go with a class or a number."""
    follows = score_nulls(sampled.codes < 0, outcome)
    return f"its nulls follow the target: correlation {follows:.2f}" if follows >= SUSPECT_NULLS else ""


def _find_named(scores: Mapping[str, Score | None], target: Target) -> dict[str, str]:
    """Find columns whose name says that they come after the target or have to do with it, and that tell it too.

    Of several with the same word one that tells it is enough: `paid_interest` brings `paid_late_fees` with it.
    """
    regression = target.task == "regression"
    strength = {name: score.strength if score else 0.0 for name, score in scores.items()}
    found: dict[str, str] = {}
    for word in sorted(AFTER_WORDS):
        of_word = [name for name in scores if word in split_name(name) and not BEFORE_WORDS & set(split_name(name))]
        if any(strength[name] >= (NAMED_R2 if regression else NAMED_AUC) for name in of_word):
            found |= dict.fromkeys(of_word, f"its name says {word!r}")
    own = re.sub(r"[^a-z0-9]", "", target.column.name.lower())
    behind = split_name(target.column.name)[1:][-1:] if regression else []
    quantity = behind[0] if behind and len(behind[0]) >= MIN_QUANTITY_LETTERS else ""
    for name in scores:
        words = split_name(name)
        contained = len(own) > 3 and own in re.sub(r"[^a-z0-9]", "", name.lower())
        if (
            contained
            and not BEFORE_WORDS & set(words)
            and strength[name] >= (SAME_NAME_R2 if regression else SAME_NAME_AUC)
        ):
            found[name] = f"it has the target's name, and {'R2' if regression else 'AUC'} {strength[name]:.2f} alone"
        elif (
            quantity and quantity in words[1:] and not BEFORE_WORDS & set(words) and strength[name] >= SAME_QUANTITY_R2
        ):
            found[name] = f"it is of {quantity} as {target.column.name} is, and R2 {strength[name]:.2f} alone"
        if _compare_dates(name, target.column.name) > 0 and strength[name] >= (NAMED_R2 if regression else NAMED_AUC):
            found[name] = f"its name says that it is later than {target.column.name}"
    return found


def _compare_dates(name: str, target: str) -> int:
    """Compare the years, or times, that two names of one stem end in -> below 0 where the first is earlier."""
    own, other = DATED.fullmatch(name), DATED.fullmatch(target)
    if not own or not other or (own["stem"], own["unit"]) != (other["stem"], other["unit"]):
        return 0
    return int(own["number"]) - int(other["number"])


def _judge_dates(columns: Mapping[str, ColumnValues], types: Mapping[str, InferredType], name: str, time: str) -> str:
    """Say where a date is later than the row's own time."""
    if not time or name == time or not types[name].is_date or time not in columns or not types[time].is_date:
        return ""
    later = times_of(columns[name], types[name]) - times_of(columns[time], types[time])
    later = later[~np.isnan(later)]
    if not len(later):
        return ""
    spread = np.ptp(np.quantile(later, [0.05, 0.95]))
    evenly = spread < EVENLY_LATER_DAYS and spread <= EVENLY_LATER_SHARE * np.median(later)
    if not evenly and (later >= 0).mean() >= LATER_SHARE and (later > 0).mean() >= STRICTLY_LATER_SHARE:
        return f"later than {time} in {(later > 0).mean():.0%} of the rows"
    return ""
