"""What is compared of what a person looks at: a run's page, and the page of the server. Nothing here measures."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]

PART = ("page",)


def compare_report(page: Figures) -> tuple[str, str, float]:
    """Seconds to make the page of a run."""
    return "-", f"{page['report_bytes'] / 1e6:.2f} MB", page["report_seconds"]


def compare_report_size(page: Figures) -> tuple[str, str, float]:
    """Size of the page of a run, in MB."""
    return "-", f"{page['report_seconds']:.1f} s", page["report_bytes"] / 1e6


def compare_answer(page: Figures) -> tuple[str, str, float]:
    """Milliseconds of an answer of the form with its contributions, median."""
    return "-", f"{page['answer_ms']:.0f} ms", page["answer_ms"]


def compare_start(page: Figures) -> tuple[str, str, float]:
    """CPU seconds that the page adds to the server's start: those that pass hang on what else the machine does."""
    start, passed = page["start_cpu_seconds"], page["start_seconds"]
    told = {kind: f"{start[kind]:.2f} s ({passed[kind]:.2f} s passed)" for kind in start}
    return f"without it {told['without']}", told["with"], start["with"] - start["without"]


# What stands in a `comparison.Quantity`.
ROWS = (
    ("`report.html` of a run, made in", 3, False, " s", PART, compare_report),
    ("its size", 3, False, " MB", PART, compare_report_size),
    ("the form's answer with contributions, median", 50, False, " ms", PART, compare_answer),
    ("the server's page, CPU added to its start", 0.2, False, " s", PART, compare_start),
)
