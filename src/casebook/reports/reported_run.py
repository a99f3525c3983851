"""What a page is told of a run: its metrics, tags and parameters, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from casebook.config.tree import flatten
from casebook.reports.metric_groups import select_group

if TYPE_CHECKING:
    from collections.abc import Mapping

# Name of a run's page among its artifacts.
PAGE = "report.html"
PARTS = ("train", "validation", "test", "promotion")
STRATEGIES = {"row": "by row, at random", "time": "by time, the last days", "given": "as the data set's own test part",
    "none": "not at all: every row is training and test row at once"}  # fmt: skip

NOT_SHOWN = ("data", "variants", "study", "predict", "monitor", "update", "keep_runs", "sample")


@dataclass(frozen=True)
class ReportedRun:
    """A run of MLflow.

    Attributes:
        run_id: MLflow's.
        name: the run's.
        case: that it belongs to.
        job: `training`, `study`, `monitor`, `predict` or `update`.
        begun: as a reader sees it, `2026-11-29 17:07`.
        metrics: the last value of each.
        tags: all but MLflow's own.
        parameters: the case's merged ones.
        profiles: addresses of the profile pages of its tables, relative to the page, by table.
        files: its other artifacts, that the page links to.
    """

    run_id: str
    name: str
    case: str
    job: str
    begun: str
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    parameters: Mapping[str, Any]
    profiles: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def group(self, prefix: str) -> dict[str, float]:
        """Select the metrics below a prefix, without it."""
        return select_group(self.metrics, prefix)

    @property
    def target(self) -> str:
        """The target's column."""
        return str(self.parameters.get("target", "target"))

    @property
    def is_sample(self) -> bool:
        """Whether its data were generated."""
        return self.tags.get("data.origin") == "sample"

    @property
    def data(self) -> str:
        """What its data were, in words."""
        if self.is_sample:
            return "a generated sample"
        digest = self.tags.get("data.fingerprint", "")
        return f"the user's files (fingerprint {digest})" if digest else "the files of an earlier run"

    @property
    def reference_name(self) -> str:
        """What the reference is, in words."""
        return str(self.parameters.get("reference", {}).get("name", "reference")).replace("_", " ")

    @property
    def parameter_rows(self) -> list[tuple[str, str]]:
        """Its parameters, a dotted name and a value a row, but for those that describe tables or other runs."""
        shown = {name: value for name, value in self.parameters.items() if name not in NOT_SHOWN}
        return [(name, str(value)) for name, value in flatten(shown).items()]


def describe_strategy(strategy: str) -> str:
    """Describe how a split holds rows out, in a part of a sentence."""
    return STRATEGIES.get(strategy, f"by {strategy}: all rows of one {strategy} lie on one side")


def list_leaks(parameters: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """List the columns that are unknown when a prediction is made: those left out, and those used nevertheless."""
    leaks: Mapping[str, str] = parameters.get("leaks", {})
    return [name for name, choice in leaks.items() if choice == "drop"], [
        name for name, choice in leaks.items() if choice == "keep"
    ]


def list_general_warnings(run: ReportedRun) -> list[str]:
    """List what a reader must know before any number: generated data, and leaks that are open."""
    _, used = list_leaks(run.parameters)
    suspects = run.tags.get("leak_suspects", "")
    found = ["The data are a generated sample: scores say nothing about the real data."] if run.is_sample else []
    found += [f"Used, though unknown when a prediction is made: {', '.join(used)}."] if used else []
    return found + ([f"May be leaks, left open: {suspects}; casebook check {run.case} says why."] if suspects else [])
