"""What is compared of tables larger than memory. Nothing here measures."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]
GIGABYTE = 1e9


def compare_engines(found: Figures) -> tuple[str, str, float]:
    """Seconds in parts over seconds in memory, from raw files to arrays."""
    whole, parts = found["pandas"], found["dask"]
    return f"in memory {whole['seconds']:.1f} s", f"{parts['seconds']:.1f} s", parts["seconds"] / whole["seconds"]


def compare_times(found: Figures) -> tuple[str, str, float]:
    """Seconds of files several times as large over those of the files themselves in memory."""
    whole, parts = found["whole"]["seconds"], found["arrays"]["seconds"]
    words = f"{found['arrays']['rows']:,} rows of {found['times']} times the size: {parts:.0f} s"
    return f"{whole:.1f} s in memory, once", words, parts / whole


def compare_arrays_memory(found: Figures) -> tuple[str, str, float]:
    """Memory of the largest process from raw files to arrays."""
    return _compare_memory(found["arrays"])


def compare_training_memory(found: Figures) -> tuple[str, str, float]:
    """Memory of the largest process from raw files to test scores."""
    return _compare_memory(found)


def _compare_memory(figures: Figures) -> tuple[str, str, float]:
    gigabytes = figures["peak_bytes"] / GIGABYTE
    return "-", f"{figures['rows']:,} rows", gigabytes


LARGER = ("larger_than_memory",)
# What stands in a `comparison.Quantity`.
ROWS = (
    ("Red Hat by engine=dask, raw files to arrays, time of that in memory", 1.5, False, " times", ("engines",),
     compare_engines),
    ("ten times Red Hat by engine=dask, raw files to arrays, time of once in memory", 11, False, " times", LARGER,
     compare_times),
    ("the same, largest process", 2.5, False, " GB", LARGER, compare_arrays_memory),
    ("the same trained for 2 epochs to test scores, largest process", 3, False, " GB", ("larger_trained",),
     compare_training_memory),
)  # fmt: skip
