"""Measure casebook beside the straightforward way and write the results.

The full size writes `benchmarks/results.md`; any other size keeps its page beside its files in `data/bench`. With
`--only` the other parts keep the figures that they had, with their own dates: those of this folder, else of the page.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.runtime.atomic_files import atomic_write
from comparison import FAILED, QUANTITIES, compare
from larger_than_memory import LARGER_PARTS
from machine import describe_load, describe_machine
from parts import CASE, ROOT
from parts import PARTS as REDHAT_PARTS
from parts_cases import CASE_PARTS
from parts_cluster import CLUSTER_PARTS
from parts_page import PAGE_PARTS
from parts_service import SERVICE_PARTS
from parts_setup import SETUP_PARTS
from parts_study import STUDY_PARTS
from parts_tables import TABLE_PARTS
from results import render_results
from results_page import keep_unmeasured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from comparison import Comparison

Figures = dict[str, Any]

PEOPLE, ACTIVITIES, SEED = 189_118, 2_197_291, 1
PARTS = {
    **REDHAT_PARTS, **CASE_PARTS, **STUDY_PARTS, **SERVICE_PARTS, **PAGE_PARTS, **SETUP_PARTS, **TABLE_PARTS,
    **CLUSTER_PARTS, **LARGER_PARTS,
}  # fmt: skip
# They read no file of Red Hat.
WITHOUT_REDHAT = {*CASE_PARTS, *PAGE_PARTS, *SETUP_PARTS, *TABLE_PARTS, *CLUSTER_PARTS}
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Measure, keep and report; 1 when a part or a row failed."""
    options = parse_options()
    folder = ROOT / "data" / "bench" / f"{options.people}x{options.activities}"
    chosen = options.only or list(PARTS)
    if not WITHOUT_REDHAT.issuperset(chosen):
        generate_files(folder / CASE, options.people, options.activities)
    kept = folder / "results.json"
    parts = read_parts(kept)
    for name in chosen:
        parts[name] = measure_part(name, folder, options.variant)
        with atomic_write(kept) as path:
            path.write_text(json.dumps(parts, indent=1))
    parts = {name: parts[name] for name in PARTS if name in parts}
    rows = [compare(quantity, parts) for quantity in QUANTITIES]
    full = (options.people, options.activities) == (PEOPLE, ACTIVITIES)
    page = RESULTS if full else folder / "results.md"
    size = f"{options.people:,} people and {options.activities:,} activities"
    command = shlex.join(["make", "bench"] if len(sys.argv) == 1 else ["benchmarks/bench.py", *sys.argv[1:]])
    write_results(page, rows, parts, command, size)
    for row in rows:
        say(f"{row.verdict:7} {row.what}: {row.measured} ({row.limit})")
    say(f"written to {page}")
    return int(any(row.verdict == FAILED for row in rows))


def write_results(
    page: Path,
    rows: Sequence[Comparison],
    parts: Mapping[str, Figures],
    command: str,
    size: str,
    keep_place: bool = False,
) -> None:
    """Write the page anew; what was not measured this time stays as it was; see `keep_unmeasured`."""
    text = keep_unmeasured(render_results(rows, parts, command, size, describe_machine()), page, keep_place)
    with atomic_write(page) as path:
        path.write_text(text)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE, help="default: the original's size")
    parser.add_argument("--activities", type=int, default=ACTIVITIES, help="default: the original's size")
    parser.add_argument("--variant", default="fast_row", help="the case's variant that casebook runs")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="measure this part alone; may be repeated")
    return parser.parse_args()


def generate_files(folder: Path, people: int, activities: int) -> None:
    """Generate the raw files, unless they are there from an earlier time."""
    from casebook.synthetic_data import redhat

    if all((folder / name).exists() for name in redhat.FILES):
        say(f"files of {people:,} people and {activities:,} activities are there")
        return
    say(f"generating {people:,} people and {activities:,} activities in {folder}")
    redhat.write_sample(redhat.generate_sample(people, activities, SEED), folder)


def measure_part(name: str, folder: Path, variant: str) -> Figures:
    """Measure one part; an error becomes its result, so that the others still run.

    Returns:
        `figures` or `error`, with `date` and `load`.
    """
    say(f"{name} ...")
    start = time.perf_counter()
    facts: Figures = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "load": describe_load()}
    scratch = folder / "scratch" / name
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        facts["figures"] = PARTS[name](folder, scratch, variant)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in one part must not lose the others
        facts["error"] = f"{type(error).__name__}: {error}"
        say(f"{name} failed: {facts['error']}")
    say(f"{name}: {time.perf_counter() - start:.1f} s")
    return facts


def read_parts(file: Path) -> dict[str, Figures]:
    """Read the parts measured before, for the same size."""
    if not file.exists():
        return {}
    found: dict[str, Figures] = json.loads(file.read_text())
    return found


def say(line: str) -> None:
    """Tell what goes on, at once."""
    print(f"{datetime.now().astimezone():%H:%M:%S} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
