"""What is compared: from the figures of the parts to the rows of the results table. Nothing here measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import comparison_cluster as cluster
import comparison_larger as larger
import comparison_page as page
import comparison_peers as peers
import comparison_service as service
import comparison_setup as setup
import comparison_tables as tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Figures = dict[str, Any]

PREPARATION = ("schema", "ingestion", "merging", "features", "splitting", "preprocessing")
# What a run does beside the user's own work is what none of these stages explains.
WORK = (*PREPARATION, "training", "reference", "evaluation", "profile", "tensorflow")
GIGABYTE = 1e9
MET, MISSED, FAILED, NOT_MEASURED = "met", "MISSED", "failed", "not measured"


class MissingFigureError(ValueError):
    """A part was measured but does not hold a figure that a row needs."""


@dataclass(frozen=True)
class Comparison:
    """One row of the results.

    Attributes:
        what: the quantity.
        reference: the straightforward way's figure, in words.
        casebook: casebook's figure, in words.
        measured: the value that the limit is about, in words.
        limit: the value to reach, in words.
        verdict: met, MISSED, failed or not measured.
        dates: when its parts were measured.
    """

    what: str
    reference: str
    casebook: str
    measured: str
    limit: str
    verdict: str
    dates: tuple[str, ...]


@dataclass(frozen=True)
class Quantity:
    """A row before its parts are measured.

    Attributes:
        what: the quantity.
        limit: the value to reach.
        at_least: whether the value must reach the limit or stay under it.
        unit: of value and limit.
        parts: the parts that it needs.
        compute: gives the reference's and casebook's figures in words and the value (None where it never got there).
    """

    what: str
    limit: float
    at_least: bool
    unit: str
    parts: tuple[str, ...]
    compute: Callable[..., tuple[str, str, float | None]]


def compare(quantity: Quantity, parts: Mapping[str, Figures]) -> Comparison:
    """Make the row of a quantity; a part that failed or lacks a figure fails the row."""
    limit = f"at {'least' if quantity.at_least else 'most'} {quantity.limit:g}{quantity.unit}"
    dates = tuple(dict.fromkeys(parts[name]["date"] for name in quantity.parts if name in parts))
    failed = [name for name in quantity.parts if "error" in parts.get(name, {})]
    if failed:
        return Comparison(quantity.what, "-", "-", f"{' and '.join(failed)} failed", limit, FAILED, dates)
    if any(name not in parts for name in quantity.parts):
        return Comparison(quantity.what, "-", "-", "-", limit, NOT_MEASURED, dates)
    try:
        reference, casebook, value = quantity.compute(*(parts[name]["figures"] for name in quantity.parts))
    except MissingFigureError as error:
        return Comparison(quantity.what, "-", "-", str(error), limit, FAILED, dates)
    measured = "never" if value is None else f"{value:.2f}{quantity.unit}"
    verdict = judge(value, quantity.limit, quantity.at_least)
    return Comparison(quantity.what, reference, casebook, measured, limit, verdict, dates)


def judge(value: float | None, limit: float, at_least: bool) -> str:
    """Decide by the unrounded value."""
    if value is None:
        return MISSED
    return MET if (value >= limit if at_least else value <= limit) else MISSED


def seconds_of(stages: Mapping[str, float], names: Sequence[str]) -> float:
    """Add up the seconds of some stages.

    Raises:
        MissingFigureError: the run did not report one of them.
    """
    lacking = [name for name in names if name not in stages]
    if lacking:
        raise MissingFigureError(f"the run logged no seconds/{', seconds/'.join(lacking)}")
    return sum(stages[name] for name in names)


def seconds_to_accuracy(curve: Sequence[Figures], accuracy: float, training: float) -> tuple[int, float] | None:
    """Find the first epoch whose validation accuracy reaches another's.

    The clock starts with the training stage. An epoch's end is known by the time of day, the stage's start only by how
    long the stage took; the stage is taken to end with the last epoch, so that what comes after it (saving the network)
    counts against every epoch.

    Args:
        curve: for each epoch its number, `time` of its end (seconds of any clock) and `accuracy`.
        accuracy: the one to reach.
        training: seconds of the whole stage.

    Returns:
        The epoch and the seconds up to its end; None when none reaches it.
    """
    for point in curve:
        if point["accuracy"] >= accuracy:
            return int(point["epoch"]), training - (curve[-1]["time"] - point["time"])
    return None


def compare_preparation(reference: Figures, preparation: Figures) -> tuple[str, str, float]:
    """Raw files to model arrays, as a ratio."""
    ours = preparation["seconds"]
    return f"{reference['preparation']:.1f} s", f"{ours:.1f} s", reference["preparation"] / ours


def compare_memory(reference: Figures, casebook: Figures) -> tuple[str, str, float]:
    """Peak memory of a whole run, in GB."""
    theirs, ours = reference["peak_bytes"] / GIGABYTE, casebook["peak_bytes"] / GIGABYTE
    return f"{theirs:.1f} GB", f"{ours:.2f} GB", ours


def compare_training(reference: Figures, casebook: Figures) -> tuple[str, str, float | None]:
    """Time to the reference's last validation accuracy, as a ratio; neither side's import of TensorFlow counts."""
    goal, curve = reference["curve"][-1], casebook["curve"]
    theirs = f"{goal['seconds']:.1f} s ({goal['accuracy']:.4f} after {goal['epoch']} epochs)"
    training = seconds_of(casebook["stages"], ("training",))
    found = seconds_to_accuracy(curve, goal["accuracy"], training)
    if found is None:
        best = max(point["accuracy"] for point in curve)
        return theirs, f"not reached ({best:.4f} at best of {len(curve)} epochs, {training:.1f} s)", None
    epoch, seconds = found
    accuracy = next(point["accuracy"] for point in curve if point["epoch"] == epoch)
    return theirs, f"{seconds:.1f} s ({accuracy:.4f} after epoch {epoch} of {len(curve)})", goal["seconds"] / seconds


def compare_additions(casebook: Figures) -> tuple[str, str, float]:
    """What Kedro, MLflow and packaging add, in seconds."""
    added = casebook["wall_seconds"] - seconds_of(casebook["stages"], WORK)
    return "-", f"{casebook['wall_seconds']:.1f} s in all", added


def compare_command(name: str) -> Callable[[Figures], tuple[str, str, float]]:
    """Give the best time of a command, in seconds."""

    def compute(commands: Figures) -> tuple[str, str, float]:
        times = commands[name]
        return "-", ", ".join(f"{seconds:.2f}" for seconds in times) + " s", min(times)

    return compute


def compare_rossmann(reference: Figures, rossmann: Figures) -> tuple[str, str, float]:
    """Raw files to test errors, as a ratio; what casebook's reference takes is work that the other side does not do."""
    ours = rossmann["wall_seconds"] - seconds_of(rossmann["stages"], ("reference",))
    theirs = f"{reference['wall_seconds']:.1f} s (test MAE {reference['mae']:.1f}, {reference['origin']})"
    mine = f"{ours:.1f} s (test MAE {rossmann['scores']['mae']:.1f}, {rossmann['origin']})"
    return theirs, mine, reference["wall_seconds"] / ours


def compare_small(small: Figures) -> tuple[str, str, float]:
    """The slowest whole run of a small case's published network, in seconds."""
    times = {case: figures["wall_seconds"] for case, figures in small.items()}
    return "-", ", ".join(f"{case} {seconds:.1f}" for case, seconds in times.items()) + " s", max(times.values())


def compare_pima(small: Figures) -> tuple[str, str, float]:
    """Training of pima's 150 epochs, in seconds, without the import of TensorFlow."""
    training = seconds_of(small["pima"]["stages"], ("training",))
    return "-", f"{training:.1f} s", training


def compare_search(reference: Figures, study: Figures) -> tuple[str, str, float]:
    """Trials an hour, from the first start to the last end of a trial."""
    theirs, ours = (figures["trials"] / figures["seconds"] * 3600 for figures in (reference, study))
    words = f"{ours:.0f} an hour, {study['pruned']} of {study['trials']} pruned (best {study['best']:.4f})"
    return f"{theirs:.0f} an hour (best {reference['best']:.4f})", words, ours / theirs


def compare_best(reference: Figures, study: Figures) -> tuple[str, str, float]:
    """How far the best validation accuracy of the search falls short of the reference's."""
    return f"{reference['best']:.4f}", f"{study['best']:.4f}", reference["best"] - study["best"]


def compare_cost(study: Figures) -> tuple[str, str, float]:
    """What a trial takes beyond its training: claiming, storing, tracking, freeing memory."""
    return "-", f"mean of {study['trials'] - study['pruned']} trials", study["beyond_seconds"]


def compare_worker(study: Figures) -> tuple[str, str, float]:
    """Memory of a worker beyond that of a bare TensorFlow process, shared pages counted by share."""
    worker, bare = study["worker_bytes"] / 1e6, study["bare_bytes"] / 1e6
    return f"bare TensorFlow {bare:.0f} MB", f"{worker:.0f} MB", worker - bare


def compare_storage(storage: Figures) -> tuple[str, str, float]:
    """Trials lost or doubled of 1,000 by eight processes."""
    rates = [f"{name} {found['complete'] / found['seconds']:.0f} trials a second" for name, found in storage.items()]
    return "-", ", ".join(rates), float(sum(not found["exact"] for found in storage.values()))


BOTH = ("reference", "casebook")
ROSSMANN = ("rossmann_reference", "rossmann")
SEARCHES = ("study_reference", "study")
QUANTITIES = (
    Quantity("raw files to model arrays", 6, True, " times faster", ("reference", "preparation"), compare_preparation),
    Quantity("peak memory of the whole run", 3, False, " GB", BOTH, compare_memory),
    Quantity("time to the reference's validation accuracy", 5, True, " times less", BOTH, compare_training),
    Quantity("Kedro, MLflow and packaging", 12, False, " s", ("casebook",), compare_additions),
    Quantity("`kedro --help`, best of 3", 3, False, " s", ("commands",), compare_command("kedro --help")),
    Quantity("`kedro registry list`, best of 3", 3, False, " s", ("commands",), compare_command("kedro registry list")),
    Quantity("Rossmann 5x350, raw files to test errors", 3, True, " times faster", ROSSMANN, compare_rossmann),
    Quantity("Rossmann 5x350, peak memory", 3, False, " GB", ROSSMANN, compare_memory),
    Quantity("published networks of small cases, whole runs", 25, False, " s", ("small",), compare_small),
    Quantity("pima's 150 epochs", 5, False, " s", ("small",), compare_pima),
    Quantity("Red Hat study of 30 settings, trials an hour", 5, True, " times more", SEARCHES, compare_search),
    Quantity("its best validation accuracy, short of the reference's by", 0.002, False, "", SEARCHES, compare_best),
    Quantity("a trial beyond its training", 0.3, False, " s", ("study",), compare_cost),
    Quantity("a further worker beyond TensorFlow", 150, False, " MB", ("study",), compare_worker),
    Quantity("1,000 trials from 8 processes, lost or doubled", 0, False, "", ("storage",), compare_storage),
    *(
        Quantity(*row)
        for row in (*service.ROWS, *page.ROWS, *setup.ROWS, *tables.ROWS, *peers.ROWS, *cluster.ROWS, *larger.ROWS)
    ),
)
