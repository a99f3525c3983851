"""What was measured of casebook and its peers, in words. Nothing here measures."""

from __future__ import annotations

import math
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from comparison_peers import count_wins, group_rows, list_peers, mean_ranks, median_ratio, rank_tables
from comparison_tables import METRICS, OTHERS
from peer_ledger import CASEBOOK, OK
from real_tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from comparison_peers import Fits
    from peer_ledger import Row

Figures = dict[str, Any]

HEADING = "## Peers, on the same rows of real tables"
GIGABYTE = 1e9
METHOD = """\
Each table is declared by `casebook init` and run as a user's would be, with a seed of split and training a round (a
split by time or one that is given stays). A peer gets the raw columns that casebook's model takes, joined and typed,
the same training rows to fit and the same validation rows to stop by (AutoGluon: to weight by), and is scored by the
same code on the same test rows, whose targets it never gets. That the rows are the same is checked by casebook's
baseline and a fingerprint. Test rows are read once per row of a table and seed.

- LightGBM: rate 0.05, patience 100. CatBoost: its defaults. RealMLP_TD, TabM_D, LGBM_TD: pytabkit's, the epoch chosen
  by cross entropy, RealMLP_TD without label smoothing, as its documentation says for log loss. AutoGluon: medium, ten
  minutes.
- Dates become numbers as AutoGluon makes them, categories stay categories; pytabkit takes no missing numbers: the
  training rows' median and an indicator.
- Score: log loss, or RMSE of a regression; mean of the seeds, with the standard deviation from two on. A table is
  ranked where every peer has a row of a seed; one that failed or was ended ranks last there, and is no win over it.
- `fit`: from typed rows in memory to a fitted model; casebook's stages features, preprocessing and training. Imports
  count for nobody. casebook's CPU seconds are of its process tree during the training, and all seconds of the two
  stages before it. Peers' threads wait without a busy loop (OMP_WAIT_POLICY=PASSIVE), which would cost them more on a
  busy machine.
- `memory`: peak of the whole process tree, proportional set size (PSS), sampled every 50 ms, in GB of 10^9 bytes.
  casebook's process also types raw files, runs Kedro and MLflow and packages a model; it leaves out profiles, figures
  and the page, and finds the reference beside the model fitted before. The trees that are part of the model are not.
- Ratios are medians over the tables of the ratios of a table's means; who was ended at the limit counts with the limit,
  so that its true ratio is higher, and not for memory. Rows of several days may be of several machines with the same
  processor (`benchmarks/peers/rows.jsonl` says which). All have the same two cores, one after the other, the peers'
  order turned with each round. Other work ran on the machine (`load` under Parts): seconds that passed hang on it, CPU
  seconds far less; believe ratios above 1.5 alone."""
HEADER = (
    "who", "mean rank", "casebook is better on", "fit: CPU, times casebook's", "fit: seconds passed",
    "memory, times casebook's", "failed or ended",
)  # fmt: skip
TABLE_HEADER = ("who", "score", "rank", "fit: CPU", "fit: passed", "memory", "and", "measured")


def describe_place(figures: Figures) -> str:
    """Say how and where the newest rows were measured."""
    place = figures["place"]
    ran_on = ", ".join(place[name] for name in ("processor", "memory", "system") if name in place)
    peers = sorted({f"{name} {number}" for row in figures["rows"] for name, number in row.get("versions", {}).items()})
    return f"`{place['command']}` on {ran_on}: {', '.join(peers)}."


def summary_rows(figures: Figures) -> list[tuple[str, ...]]:
    """Return a line for casebook and each peer, the best mean rank first."""
    tables = group_rows(figures["rows"])
    ranks, peers = mean_ranks(tables), list_peers(tables)
    ordered = sorted([CASEBOOK, *peers], key=lambda who: ranks.get(who, math.inf))
    return [summarise(tables, who, ranks) for who in ordered]


def summarise(tables: Mapping[str, Fits], who: str, ranks: Mapping[str, float]) -> tuple[str, ...]:
    """Put what holds of one over all tables in words."""
    rank = f"{ranks[who]:.2f}" if who in ranks else "-"
    if who == CASEBOOK:
        return who, rank, *["-"] * (len(HEADER) - 2)
    wins, both = count_wins(tables, who)
    ratios = (median_ratio(tables, who, quantity) for quantity in ("fit_cpu_seconds", "fit_seconds", "peak_bytes"))
    rows = [row for fits in tables.values() for row in fits.get(who, {}).values()]
    ended = sum(row["status"] != OK for row in rows)
    words = ["-" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
    return who, rank, f"{wins} of {both}", *words, f"{ended} of {len(rows)}"


def describe_tables(figures: Figures) -> dict[str, list[tuple[str, ...]]]:
    """Return of each table a heading and its lines: baseline, casebook, then the peers."""
    tables = group_rows(figures["rows"])
    ranks = rank_tables(tables)
    found = {}
    for name, fits in tables.items():
        metric = METRICS[TABLES[name].task]
        first = next(iter(fits[CASEBOOK].values()))
        counts = " / ".join(f"{count:,}" for count in first.get("counts", {}).values())
        heading = f"{name}: {metric}, {counts} rows to train, stop and test by, {len(fits[CASEBOOK])} seeds"
        lines = [describe_fits(who, rows, name, ranks.get(name, {})) for who, rows in fits.items()]
        found[heading] = [describe_baseline(fits[CASEBOOK], metric), *lines]
    return found


def describe_baseline(rows: Mapping[int, Row], metric: str) -> tuple[str, ...]:
    """Describe the constant baseline on the same rows."""
    scores = [row["baseline"][metric] for row in rows.values() if row["status"] == OK]
    return "baseline", spread(scores), *["-"] * (len(TABLE_HEADER) - 2)


def describe_fits(who: str, rows: Mapping[int, Row], table: str, ranks: Mapping[str, float]) -> tuple[str, ...]:
    """Describe one's rows of a table, means over the seeds."""
    measured = [row for row in rows.values() if row["status"] == OK]
    notes = [f"seed {seed}: {row['note']}" for seed, row in rows.items() if row["status"] != OK]
    dates = sorted({row["date"][:10] for row in rows.values()} | {row["commit"] for row in rows.values()})
    rank = f"{ranks[who]:g}" if who in ranks else "-"
    if not measured:
        return who, "; ".join(notes), rank, "-", "-", "-", "-", ", ".join(dates)
    task = TABLES[table].task
    scores = [row["scores"] for row in measured]
    other = [each[OTHERS[task]] for each in scores if OTHERS[task] in each]
    return (
        who,
        "; ".join([spread([each[METRICS[task]] for each in scores]), *notes]),
        rank,
        f"{mean(row['fit_cpu_seconds'] for row in measured):.1f} s",
        f"{mean(row['fit_seconds'] for row in measured):.1f} s",
        f"{mean(row['peak_bytes'] for row in measured) / GIGABYTE:.2f} GB",
        f"{OTHERS[task]} {spread(other)}" if other else "-",
        ", ".join(dates),
    )


def spread(values: Sequence[float]) -> str:
    """Write a mean, with the standard deviation where there are two or more."""
    if not values:
        return "-"
    return f"{mean(values):.4g}" + (f" ± {stdev(values):.2g}" if len(values) > 1 else "")
