"""What is compared of the real tables. Nothing here measures."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]

# The figure by which network and reference are compared: what their trainings lower.
METRICS = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse"}
# Shown beside it.
OTHERS = {"binary": "auc", "multiclass": "accuracy", "regression": "mae"}
HEADER = (
    "table", "rows", "YAML lines", "guessed wrong", "closed", "init", "run", "metric", "network", "reference",
    "baseline", "worse by", "and",
)  # fmt: skip


def find_shortfall(table: Figures) -> float:
    """Compute how much worse the network is than the reference, as a share of the reference's distance to the baseline.

    Returns:
        Above 0 where it is worse.
    """
    network, reference, baseline = scores_of(table, METRICS[table["task"]])
    return (network - reference) / abs(baseline - reference)


def scores_of(table: Figures, metric: str) -> tuple[float, float, float]:
    """Return a metric of network, reference and baseline."""
    network, reference, baseline = (table["scores"][who][metric] for who in ("test", "reference", "baseline"))
    return network, reference, baseline


def compare_lines(figures: Figures) -> tuple[str, str, float]:
    """Lines of the longest YAML."""
    lines = {name: table["lines"] for name, table in figures["tables"].items()}
    return "-", f"{min(lines.values())} to {max(lines.values())} lines of YAML, none by the user", max(lines.values())


def compare_init(figures: Figures) -> tuple[str, str, float]:
    """Seconds of `casebook init` on flights."""
    flights = figures["tables"]["flights"]
    return "-", f"{flights['init_bytes'] / 1e9:.2f} GB", flights["init_seconds"]


def compare_init_memory(figures: Figures) -> tuple[str, str, float]:
    """Peak memory of `casebook init` on flights, in GB."""
    flights = figures["tables"]["flights"]
    return "-", f"{flights['init_seconds']:.1f} s", flights["init_bytes"] / 1e9


def compare_telco(figures: Figures) -> tuple[str, str, float]:
    """Seconds from a CSV file to figures."""
    telco = figures["tables"]["telco_churn"]
    words = f"init {telco['init_seconds']:.1f} s, run {telco['run_seconds']:.1f} s"
    return "-", words, telco["init_seconds"] + telco["run_seconds"]


def compare_networks(figures: Figures) -> tuple[str, str, float]:
    """Tables on which the network is at least as good as the reference."""
    worse = {name: find_shortfall(table) for name, table in figures["tables"].items()}
    behind = ", ".join(f"{name} {share:+.1%}" for name, share in worse.items() if share > 0)
    return "boosted trees", f"worse: {behind or 'none'}", float(sum(share <= 0 for share in worse.values()))


def compare_worst(figures: Figures) -> tuple[str, str, float]:
    """The largest shortfall of a network, in percent."""
    worse = {name: find_shortfall(table) for name, table in figures["tables"].items()}
    name = max(worse, key=lambda each: worse[each])
    return "-", name, 100 * worse[name]


def compare_arrays(figures: Figures) -> tuple[str, str, float]:
    """Flights from raw files to arrays, as a ratio of seconds."""
    theirs, ours = (figures["arrays"][side]["seconds"] for side in ("reference", "casebook"))
    return f"{theirs:.1f} s", f"{ours:.1f} s", theirs / ours


def compare_arrays_memory(figures: Figures) -> tuple[str, str, float]:
    """Peak memory of the same, as a share."""
    theirs, ours = (figures["arrays"][side]["peak_bytes"] for side in ("reference", "casebook"))
    return f"{theirs / 1e9:.2f} GB", f"{ours / 1e9:.2f} GB", ours / theirs


# What stands in a `comparison.Quantity`.
PART = ("tables",)
ROWS = (
    ("own tables: longest YAML of 14", 40, False, " lines", PART, compare_lines),
    ("`casebook init` on flights and its three joined tables", 10, False, " s", PART, compare_init),
    ("the same, peak memory", 1, False, " GB", PART, compare_init_memory),
    ("telco_churn, `init` and run, commands to figures", 60, False, " s", PART, compare_telco),
    ("network at least as good as the reference, of 14 tables", 9, True, "", PART, compare_networks),
    ("worst of the others, of the reference's distance to the baseline", 3, False, " %", PART, compare_worst),
    ("flights, raw files to arrays", 3, True, " times faster", PART, compare_arrays),
    ("flights, raw files to arrays, share of the memory", 0.5, False, "", PART, compare_arrays_memory),
)


def table_rows(figures: Figures) -> list[tuple[str, ...]]:
    """Return a line a table, in words."""
    return [_describe(name, table) for name, table in figures["tables"].items()]


def _describe(name: str, table: Figures) -> tuple[str, ...]:
    metric, other = METRICS[table["task"]], OTHERS[table["task"]]
    shortfall = find_shortfall(table)
    return (
        name,
        f"{table['rows']:,}",
        str(table["lines"]),
        "; ".join(table["wrong"]) or "-",
        ", ".join(table["closed"]) or "-",
        f"{table['init_seconds']:.1f} s",
        f"{table['run_seconds']:.1f} s",
        metric,
        *(f"{score:.4g}" for score in scores_of(table, metric)),
        f"{100 * shortfall:.1f} %" if shortfall > 0 else f"better by {-100 * shortfall:.1f} %",
        f"{other} " + " / ".join(f"{score:.4g}" for score in scores_of(table, other)),
    )
