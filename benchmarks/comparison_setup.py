"""What is compared of setting up and looking around. Nothing here measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Figures = dict[str, Any]


def compare_install(cache: str) -> Callable[[Figures], tuple[str, str, float]]:
    """Return the comparison of `make install` and pip with an empty or a full cache, as a ratio."""

    def compute(setup: Figures) -> tuple[str, str, float]:
        theirs, ours = (setup["install"][way][cache] for way in ("pip", "casebook"))
        return f"pip {theirs:.1f} s", f"{ours:.1f} s", theirs / ours

    return compute


# What stands in a `comparison.Quantity`.
ROWS = (
    ("`make install`, empty cache", 2.5, True, " times faster", ("setup",), compare_install("empty")),
    ("`make install`, full cache", 5, True, " times faster", ("setup",), compare_install("full")),
)
