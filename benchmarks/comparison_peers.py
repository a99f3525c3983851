"""What is compared of casebook and its peers on the same rows of real tables. Nothing here measures."""

from __future__ import annotations

import math
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from scipy.stats import rankdata

from comparison_tables import METRICS
from peer_ledger import CASEBOOK, OK, OVER_LIMIT
from real_tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from peer_ledger import Row

Figures = dict[str, Any]
# Rows of a table, by who was fitted and the seed.
Fits = dict[str, dict[int, "Row"]]

# Those whose seconds and memory are held to a limit.
NETWORKS = ("RealMLP_TD", "TabM_D")
# The limit is of both cores: so many seconds of the fit of who was ended.
FIT_SHARES = {"fit_seconds": 1.0, "fit_cpu_seconds": 0.5}
NO_ROWS = "no rows yet"


def group_rows(rows: Iterable[Row]) -> dict[str, Fits]:
    """Group rows by table, who and seed; tables in their usual order."""
    found: dict[str, Fits] = {name: {} for name in TABLES}
    for row in rows:
        found[row["table"]].setdefault(row["who"], {})[row["seed"]] = row
    return {name: fits for name, fits in found.items() if CASEBOOK in fits}


def list_peers(tables: Mapping[str, Fits]) -> list[str]:
    """List the peers that have rows, in the order of their first."""
    return list(dict.fromkeys(who for fits in tables.values() for who in fits if who != CASEBOOK))


def share_seeds(fits: Fits, whom: Iterable[str]) -> list[int]:
    """List the seeds of which all of them have a row."""
    seeds = [set(fits.get(who, {})) for who in whom]
    return sorted(set.intersection(*seeds)) if seeds else []


def score_of(fits: Fits, who: str, seeds: Sequence[int], metric: str) -> float:
    """Compute the mean score over seeds; infinite where one failed or was ended."""
    rows = [fits[who][seed] for seed in seeds]
    return mean(row["scores"][metric] if row["status"] == OK else math.inf for row in rows)


def rank_tables(tables: Mapping[str, Fits]) -> dict[str, dict[str, float]]:
    """Rank casebook and all peers on each table of which they share a seed: 1 is the best, equal ones share."""
    whom = [CASEBOOK, *list_peers(tables)]
    found = {}
    for name, fits in tables.items():
        if seeds := share_seeds(fits, whom):
            scores = [score_of(fits, who, seeds, METRICS[TABLES[name].task]) for who in whom]
            found[name] = dict(zip(whom, map(float, rankdata(scores)), strict=True))
    return found


def mean_ranks(tables: Mapping[str, Fits]) -> dict[str, float]:
    """Compute the mean rank over the tables that are ranked; nothing where none is."""
    ranks = rank_tables(tables).values()
    return {who: mean(rank[who] for rank in ranks) for who in next(iter(ranks), {})}


def count_wins(tables: Mapping[str, Fits], peer: str) -> tuple[int, int]:
    """Count the tables on which casebook has the lower mean score, and those on which both have one."""
    wins = both = 0
    for name, fits in tables.items():
        seeds = share_seeds(fits, (CASEBOOK, peer))
        scores = [score_of(fits, who, seeds, METRICS[TABLES[name].task]) for who in (CASEBOOK, peer) if seeds]
        if scores and all(map(math.isfinite, scores)):
            wins, both = wins + (scores[0] < scores[1]), both + 1
    return wins, both


def median_ratio(tables: Mapping[str, Fits], peer: str, quantity: str) -> float | None:
    """Compute the median over tables of how many times casebook's a peer's quantity is.

    Args:
        tables: all rows.
        peer: name.
        quantity: `fit_seconds`, `fit_cpu_seconds` or `peak_bytes`; see `quantity_of`.

    Returns:
        None where there is nothing to compare.
    """
    ratios = []
    for fits in tables.values():
        pairs = [(fits[peer][seed], fits[CASEBOOK][seed]) for seed in share_seeds(fits, (CASEBOOK, peer))]
        found = [(quantity_of(theirs, quantity), quantity_of(own, quantity)) for theirs, own in pairs]
        known = [(theirs, own) for theirs, own in found if theirs is not None and own is not None]
        if known:
            theirs, own = map(mean, zip(*known, strict=True))
            ratios.append(theirs / own)
    return median(ratios) if ratios else None


def quantity_of(row: Row, quantity: str) -> float | None:
    """Return a quantity of a row; of the fit of who was ended the limit, nothing else of who was not measured."""
    if row["status"] == OVER_LIMIT and quantity in FIT_SHARES:
        return float(row["limit_seconds"] / FIT_SHARES[quantity])
    return float(row[quantity]) if row["status"] == OK else None


def compare_ranks(figures: Figures) -> tuple[str, str, float | None]:
    """How far casebook's mean rank is before the best peer's."""
    ranks = mean_ranks(group_rows(figures["rows"]))
    if len(ranks) < 2:
        return "-", "no table has a row of every peer", None
    own = ranks.pop(CASEBOOK)
    best = min(ranks, key=lambda who: ranks[who])
    tables = len(rank_tables(group_rows(figures["rows"])))
    return f"{best} {ranks[best]:.2f}", f"{own:.2f} of {len(ranks) + 1} on {tables} tables", ranks[best] - own


def compare_wins(figures: Figures) -> tuple[str, str, float | None]:
    """Tables on which casebook is better than a peer, of the peer where they are fewest."""
    tables = group_rows(figures["rows"])
    wins = {peer: count_wins(tables, peer) for peer in list_peers(tables)}
    words = ", ".join(f"{peer} {won} of {both}" for peer, (won, both) in wins.items())
    return "-", words, float(min(won for won, _ in wins.values())) if wins else None


def compare_seconds(peer: str) -> Callable[[Figures], tuple[str, str, float | None]]:
    """Give how many times fewer CPU seconds the fit takes than a peer's; those that pass hang on other work."""

    def compute(figures: Figures) -> tuple[str, str, float | None]:
        tables = group_rows(figures["rows"])
        passed, cpu = (median_ratio(tables, peer, quantity) for quantity in FIT_SHARES)
        return "-", NO_ROWS if passed is None else f"{passed:.2f} times fewer seconds passed", cpu

    return compute


def compare_memory(figures: Figures) -> tuple[str, str, float | None]:
    """Casebook's share of the networks' memory, of the one where it is the larger."""
    tables = group_rows(figures["rows"])
    found = {peer: median_ratio(tables, peer, "peak_bytes") for peer in NETWORKS}
    shares = {peer: 1 / ratio for peer, ratio in found.items() if ratio is not None}
    words = ", ".join(f"of {peer}'s {share:.2f}" for peer, share in shares.items())
    return "-", words or NO_ROWS, max(shares.values(), default=None)


# What stands in a `comparison.Quantity`.
PART = ("peers",)
ROWS = (
    ("peers: mean rank of the default, before the best peer's by", 0, True, "", PART, compare_ranks),
    ("tables on which it is better, of the peer where they are fewest", 9, True, "", PART, compare_wins),
    *(
        (f"fit against {peer}, CPU seconds, median of tables", 8, True, " times fewer", PART, compare_seconds(peer))
        for peer in NETWORKS
    ),
    ("peak memory against both, the larger share", 0.667, False, "", PART, compare_memory),
)
