"""Shapley values of raw columns for a single prediction, against a row of typical values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from casebook.column_types.parsing import Kind

PERMUTATIONS = 16
SEED = 0
COLUMNS = ["row", "column", "value", "contribution", "typical", "answer"]


def typical_values(joined_rows: pd.DataFrame) -> dict[str, Any]:
    """Compute each raw column's typical value: the median of numbers and days, else the most frequent value.

    Returns:
        By column plain values that JSON can hold, days as text; no images and no long texts, which have none.
    """
    found = {str(name): _typical(joined_rows[name]) for name in joined_rows}
    return {name: value for name, value in found.items() if value is not None}


def explained_output(answers: pd.DataFrame) -> str:
    """Return which column of a row's predictions is explained: of several classes the probability of the likeliest."""
    several = not {"probability", "prediction"} & set(answers.columns)
    return f"probability_{answers['class'].iloc[0]}" if several else str(answers.columns[0])


def explain_rows(
    answer: Callable[[pd.DataFrame], np.ndarray],
    rows: pd.DataFrame,
    typical: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    orders: int = PERMUTATIONS,
) -> pd.DataFrame:
    """Compute Shapley values: how a row's prediction differs from that of a typical row, by column.

    Starting from the typical row, the columns take their values of the row one after another; what each step changes
    is that column's contribution, averaged over random orders and their reverses (Shapley values by sampling:
    Strumbelj and Kononenko, Explaining prediction models and individual predictions, 2014). They add up to the
    difference exactly.

    Args:
        answer: gives the explained number of raw rows, shape (rows,).
        rows: raw rows.
        typical: see `typical_values`.
        kinds: the columns that the model takes.
        orders: how many random orders.

    Returns:
        `row` (the index of `rows`), `column`, `value`, `contribution`, and the answers to the `typical` row and to the
        row itself; the largest contributions of a row first. Columns that are typical already contribute nothing.
    """
    explained = [_explain_row(answer, rows.iloc[[place]], typical, kinds, orders) for place in range(len(rows))]
    return pd.concat(explained, ignore_index=True) if explained else pd.DataFrame(columns=COLUMNS)


def _explain_row(
    answer: Callable[[pd.DataFrame], np.ndarray],
    row: pd.DataFrame,
    typical: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    orders: int,
) -> pd.DataFrame:
    names = [name for name in row.columns if name in kinds]
    own = np.array([_plain(row[name].iloc[0]) for name in names] + [None], dtype=object)[:-1]
    baseline = np.array([typical.get(name) for name in names] + [None], dtype=object)[:-1]
    differing = np.array([place for place in range(len(names)) if str(own[place]) != str(baseline[place])], dtype=int)
    generator = np.random.default_rng(SEED)
    drawn = [generator.permutation(differing) for _ in range(orders)]
    paths = [path for order in drawn for path in (order, order[::-1])]
    steps = np.concatenate([_build_path(baseline, own, path) for path in paths])
    answers = answer(pd.DataFrame(steps, columns=names)).reshape(len(paths), len(differing) + 1)
    contributions = np.zeros(len(names))
    for path, found in zip(paths, answers, strict=True):
        contributions[path] += np.diff(found) / len(paths)
    table = pd.DataFrame({"row": row.index[0], "column": names, "value": [str(value) for value in own]})
    table = table.assign(contribution=contributions, typical=answers[0, 0], answer=answers[0, -1])
    order = np.argsort(-np.abs(contributions), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _build_path(baseline: np.ndarray, own: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Build the rows between the typical row and the explained one, a column more replaced in each."""
    steps = np.tile(baseline, (len(path) + 1, 1))
    for step, place in enumerate(path, 1):
        steps[step:, place] = own[place]
    return steps


def _typical(column: pd.Series) -> Any:  # noqa: ANN401 - a plain value
    known = column.dropna()
    if not len(known) or isinstance(known.iloc[0], np.ndarray | list):
        return None
    if pd.api.types.is_datetime64_any_dtype(known):
        return f"{known.sort_values().iloc[len(known) // 2]:%Y-%m-%d}"
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        return known.sort_values().iloc[len(known) // 2].item()
    frequent = known.astype("object").mode()
    # Texts that differ in every row (ids, reviews) have no typical value; an unknown one replaces it.
    return _plain(frequent.iloc[0]) if len(frequent) < len(known) else None


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of a table
    if isinstance(value, str | list | np.ndarray):
        return value
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
