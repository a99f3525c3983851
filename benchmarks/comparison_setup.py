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


def compare_ui_memory(setup: Figures) -> tuple[str, str, float]:
    """Proportional set sizes of the tree of `make ui`, in MB."""
    memory = setup["ui"]["pss_bytes"] / 1e6
    return "-", f"{memory:.0f} MB", memory


def compare_ui_processes(setup: Figures) -> tuple[str, str, float]:
    """Processes of `make ui`."""
    count = setup["ui"]["processes"]
    return "-", f"{count}", float(count)


def compare_runs(case: str, share: str) -> Callable[[Figures], tuple[str, str, float]]:
    """Return the comparison of a case's whole runs with those of the earlier build, as a share.

    Args:
        case: its name.
        share: `share` of the medians, whose runs keep the reference of the run before them, or `first_share` of the
            one run that fits it.
    """

    def compute(setup: Figures) -> tuple[str, str, float]:
        found = setup["runs"][case]
        ours = found["now"] if share == "share" else found["first"]
        return f"{found['before']['seconds']:.1f} s", f"{ours['seconds']:.1f} s", found[share]

    return compute


# What stands in a `comparison.Quantity`.
ROWS = (
    ("`make install`, empty cache", 2.5, True, " times faster", ("setup",), compare_install("empty")),
    ("`make install`, full cache", 5, True, " times faster", ("setup",), compare_install("full")),
    ("`make ui`, memory (PSS of the process tree)", 450, False, " MB", ("setup",), compare_ui_memory),
    ("`make ui`, processes", 3, False, "", ("setup",), compare_ui_processes),
    ("whole run of pima, share of ed30312's", 0.5, False, "", ("setup",), compare_runs("pima", "share")),
    ("the same without a reference kept from before", 0.5, False, "", ("setup",), compare_runs("pima", "first_share")),
    ("whole run of redhat, share of ed30312's", 0.6, False, "", ("setup",), compare_runs("redhat", "share")),
    ("its first run, no reference kept", 0.6, False, "", ("setup",), compare_runs("redhat", "first_share")),
)
