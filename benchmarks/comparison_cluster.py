"""What is compared of a cluster. Nothing here measures."""

from __future__ import annotations

import statistics
from typing import Any

Figures = dict[str, Any]


def compare_waiting(waiting: Figures) -> tuple[str, str, float | None]:
    """Ideal time over time of trials that wait; nothing where one was lost or doubled."""
    share = waiting["ideal"] / waiting["seconds"]
    words = f"{waiting['trials']:,} trials of {waiting['wait']:g} s on {waiting['slots']} threads: "
    words += f"{waiting['seconds']:.0f} s, ideal {waiting['ideal']:.0f} s, median overhead {waiting['overhead']:.2f} s"
    return "-", words, share if waiting["exact"] else None


def compare_ways(found: Figures) -> tuple[str, str, float]:
    """Seconds of a study on the cluster over those of the laptop's way."""
    laptop, cluster = (statistics.median(run["seconds"] for run in found[way]) for way in ("laptop", "cluster"))
    return f"{laptop:.0f} s on the laptop", f"{cluster:.0f} s, {found['epochs']} epochs a trial", cluster / laptop


def compare_overhead(found: Figures) -> tuple[str, str, float]:
    """Seconds of a trial on the cluster beside its training: of those not pruned, which say how long that was."""
    laptop, cluster = (statistics.median(run["beyond_seconds"] for run in found[way]) for way in ("laptop", "cluster"))
    return f"{laptop:.2f} s on the laptop", f"{cluster:.2f} s", cluster


def compare_scoring(found: Figures) -> tuple[str, str, float]:
    """Rows a second by two workers over those of one process on the same cores, by the clock or by CPU seconds.

    The smaller one of the medians of pairs: on an idle machine a core that waits shows in the first one alone; where
    other processes take the cores, the first one says little.
    """
    pairs = list(zip(found["laptop"], found["cluster"], strict=True))
    by_clock = statistics.median(cluster["rate"] / laptop["rate"] for laptop, cluster in pairs)
    by_work = statistics.median(laptop["cpu_seconds"] / count_work(laptop, cluster) for laptop, cluster in pairs)
    rates = {way: statistics.median(run["rate"] for run in found[way]) for way in ("laptop", "cluster")}
    laptop_work = statistics.median(laptop["cpu_seconds"] for laptop, _ in pairs)
    work = statistics.median(count_work(laptop, cluster) for laptop, cluster in pairs)
    words = (
        f"{found['rows']:,} rows in {found['files']} files: {rates['cluster']:,.0f} a second ({by_clock:.2f} times), "
    )
    words += f"{found['rows'] / work:,.0f} a CPU second ({by_work:.2f} times)"
    laptop_words = f"{rates['laptop']:,.0f} a second, {found['rows'] / laptop_work:,.0f} a CPU second on the laptop"
    return laptop_words, words, min(by_clock, by_work)


def count_work(laptop: Figures, cluster: Figures) -> float:
    """Count the CPU seconds of scoring on the cluster, without those that Dask takes where it has nothing to do.

    These go by the clock, and so by what else the machine does; the laptop's run, beside which workers wait, says them.
    """
    idle = laptop["dask_cpu_seconds"] / laptop["wall_seconds"]
    taken: float = cluster["cpu_seconds"] + cluster["dask_cpu_seconds"] - idle * cluster["wall_seconds"]
    return taken


def compare_scoring_memory(found: Figures) -> tuple[str, str, float]:
    """Peak of memory over that of the first fifth of the time, of the laptop's process or of a worker: the largest."""
    laptop, cluster = (max(run["growth"] for run in found[way]) for way in ("laptop", "cluster"))
    peaks = {way: max(run["peak_bytes"] for run in found[way]) / 1e9 for way in ("laptop", "cluster")}
    words = f"worker {cluster:.2f}, launch {peaks['cluster']:.2f} GB"
    return f"laptop {laptop:.2f}, {peaks['laptop']:.2f} GB", words, max(laptop, cluster)


# What stands in a `comparison.Quantity`.
ROWS = (
    ("trials that wait on a cluster, ideal time over time", 0.85, True, "", ("cluster",), compare_waiting),
    ("Red Hat study of 30 settings on a cluster, time", 1.15, False, " times", ("cluster_study",), compare_ways),
    ("its trials, seconds beside the training", 0.5, False, " s", ("cluster_study",), compare_overhead),
    ("a folder scored by 2 workers, rows a second", 0.8, True, " times", ("cluster_scoring",), compare_scoring),
    (
        "its memory, peak over that of the first fifth",
        1.2,
        False,
        " times",
        ("cluster_scoring",),
        compare_scoring_memory,
    ),
)
