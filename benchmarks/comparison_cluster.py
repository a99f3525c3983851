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
    return f"{laptop:.0f} s on the laptop", f"{cluster:.0f} s", cluster / laptop


def compare_overhead(found: Figures) -> tuple[str, str, float]:
    """Seconds of a trial on the cluster beside its training."""
    laptop, cluster = (statistics.median(run["overhead"] for run in found[way]) for way in ("laptop", "cluster"))
    return f"{laptop:.2f} s on the laptop", f"{cluster:.2f} s", cluster


def compare_scoring(found: Figures) -> tuple[str, str, float]:
    """Rows a second by two workers over those of one process, on the same cores."""
    laptop, cluster = found["laptop"], found["cluster"]
    words = f"{found['rows']:,} rows in {found['files']} files: {cluster['rate']:,.0f} a second"
    return f"{laptop['rate']:,.0f} a second on the laptop", words, cluster["rate"] / laptop["rate"]


def compare_scoring_memory(found: Figures) -> tuple[str, str, float]:
    """Peak of memory over that of the first fifth of the time, of the laptop's process or of a worker."""
    laptop, cluster = found["laptop"], found["cluster"]
    words = f"worker {cluster['growth']:.2f}, launch {cluster['peak_bytes'] / 1e9:.2f} GB"
    laptop_words = f"laptop {laptop['growth']:.2f}, {laptop['peak_bytes'] / 1e9:.2f} GB"
    return laptop_words, words, max(laptop["growth"], cluster["growth"])


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
