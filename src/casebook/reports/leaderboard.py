"""The leaderboard of a case: what runs, references, baselines and studies reached on the same test rows, best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from casebook.reports.comparison import measure_gains

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from casebook.evaluation.metrics import Metric
    from casebook.reports.judged import Judged

NETWORK, REFERENCE, BASELINE, STUDY = "network", "reference", "baseline", "study's best"


@dataclass(frozen=True)
class Entry:
    """What was scored on test rows.

    Attributes:
        kind: `network`, `reference`, `baseline` or `study's best`.
        name: the run's name, or the reference's.
        run_id: of the run that scored it; of several with the same score the newest.
        score: by the leaderboard's metric.
        low: the lower end of its 95 % interval; None where it has none.
        high: the upper end.
        own: its predictions of the test rows; None where they are not kept.
        runs: how many runs scored the same: a reference is the same for all runs with its settings.
        gain: how much better it is than the best, on the same resamples: 0 or below; None where that is not known.
        gain_low: the lower end of its 95 % interval.
        gain_high: the upper end.
    """

    kind: str
    name: str
    run_id: str
    score: float
    low: float | None = None
    high: float | None = None
    own: Judged | None = None
    runs: int = 1
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None


def rank_entries(entries: Iterable[Entry], keys: pd.Series | None, metric: Metric) -> list[Entry]:
    """Rank what was scored on the same rows, the best first, each compared with the best where both are kept.

    Args:
        entries: in the order of the runs, the newest first.
        keys: of those rows, by which their split was made; None where no run's folder has them any more.
        metric: of their scores.

    Returns:
        The entries with `gain`; references and baselines of the same score are one, with the number of its `runs`.
    """
    ranked = sorted(_join_equal(entries), key=lambda entry: -metric.sign * entry.score)
    kept = [entry for entry in ranked if entry.own is not None]
    if not kept or kept[0] is not ranked[0] or keys is None:
        return ranked
    others = kept[1:]
    (gains,) = measure_gains([entry.own for entry in kept if entry.own], keys, [metric])
    compared = {
        id(entry): replace(entry, gain=gain["gain"], gain_low=gain["low"], gain_high=gain["high"])
        for entry, gain in zip(others, gains, strict=True)
    }
    return [compared.get(id(entry), entry) for entry in ranked]


def _join_equal(entries: Iterable[Entry]) -> Sequence[Entry]:
    """Join references, and baselines, that scored the same: they are made of the same rows by the same settings."""
    found: dict[tuple[object, ...], Entry] = {}
    for entry in entries:
        of_many = entry.kind in {REFERENCE, BASELINE}
        key = (entry.kind, entry.name, entry.score) if of_many else (entry.run_id, entry.kind)
        known = found.get(key)
        found[key] = replace(known, runs=known.runs + 1, own=known.own or entry.own) if known else entry
    return list(found.values())
