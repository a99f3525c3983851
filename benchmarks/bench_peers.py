"""Measure casebook's defaults beside peers on real tables, and write what came out to `benchmarks/results.md`.

    make fetch-tables bench-peers TABLES=penguins,ames SEEDS=3 PEERS=LightGBM,RealMLP_TD MINUTES=30

Each row is kept in `benchmarks/peers/rows.jsonl` at once: the same command goes on after a kill, or on another machine.
Anew it measures only what is of other test rows than casebook's newest run. docs/measuring.md says what is measured.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bench import RESULTS, say, write_results
from comparison import QUANTITIES, compare
from machine import describe_load, describe_machine, read_commit
from parts import ROOT
from parts_peers import ABOUT, measure_casebook, measure_peer
from peer_ledger import CASEBOOK, FAILED, OK, OVER_LIMIT, append_row, list_comparable, list_pending, read_ledger
from processes import TimeLimitError
from real_tables import TABLES, find_raw

if TYPE_CHECKING:
    from pathlib import Path

    from peer_ledger import Cell, Row

FOLDER = ROOT / "data" / "bench" / "peers"
# With the code: days of fitting are not measured anew by whoever clones it.
LEDGER = RESULTS.parent / "peers" / "rows.jsonl"
PEERS = ("LightGBM", "CatBoost", "LGBM_TD", "RealMLP_TD", "TabM_D", "AutoGluon")
CORES, LIMIT_SECONDS = 2, 600
NOTE_CHARACTERS = 160


def main() -> int:
    """Measure what is missing, and write the page; 1 where casebook itself failed."""
    options = parse_options()
    try:
        raw = find_raw()
    except FileNotFoundError as error:
        sys.exit(str(error))
    # All children inherit it.
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:CORES]))
    until = time.monotonic() + options.minutes * 60
    try:
        while time.monotonic() < until and (pending := list_missing(options)):
            say(f"{len(pending)} to go; {pending[0].table}, seed {pending[0].seed}: {pending[0].who}")
            append_row(LEDGER, measure(pending[0], raw, options.limit))
    finally:
        write_page()
    own = (row for cell, row in read_ledger(LEDGER).items() if cell.who == CASEBOOK and cell.table in options.tables)
    return int(any(row["status"] != OK for row in own))


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=names_of(TABLES), default=list(TABLES), help="with commas; all of them")
    parser.add_argument("--seeds", type=int, default=3, help="of split and training; a split by time stays")
    parser.add_argument("--peers", type=names_of(PEERS), default=list(PEERS), help="with commas; all of them")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which nothing new is begun")
    parser.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds of both cores that a peer may take")
    again = "whose rows of another commit are measured anew, as casebook or a peer's name, with commas"
    parser.add_argument("--again", type=names_of((CASEBOOK, *PEERS)), default=[], help=again)
    return parser.parse_args()


def names_of(known: Any) -> Any:  # noqa: ANN401 - what argparse calls
    """Return what reads names with commas, and refuses those that are not known."""

    def read(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(known)}")
        return names

    return read


def list_missing(options: argparse.Namespace) -> list[Cell]:
    """List what is to be measured: of all tables the first seed, then the second."""
    wanted = [(table, seed) for seed in range(1, options.seeds + 1) for table in options.tables]
    exported = {each for each in wanted if (folder_of(*each) / "rows" / ABOUT).exists()}
    ledger = read_ledger(LEDGER)
    return list_pending(ledger, wanted, options.peers, options.limit, exported, read_commit(), options.again)


def folder_of(table: str, seed: int) -> Path:
    """Return where a table's rows of a seed lie."""
    return FOLDER / f"{table}-{seed}"


def measure(cell: Cell, raw: Path, limit_seconds: float) -> Row:
    """Measure a cell; what goes wrong becomes its row, so that the others are still measured."""
    folder, own = folder_of(cell.table, cell.seed), read_ledger(LEDGER).get(cell._replace(who=CASEBOOK), {})
    row: Row = {
        **cell._asdict(),
        "status": OK,
        "rows": own.get("rows"),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "load": describe_load(),
        "commit": read_commit(),
        "processor": describe_machine().get("processor"),
        "limit_seconds": limit_seconds,
    }
    try:
        if cell.who == CASEBOOK:
            return row | measure_casebook(cell.table, cell.seed, raw, folder)
        return row | measure_peer(cell.who, cell.seed, CORES, limit_seconds, folder)
    except TimeLimitError:
        return row | {"status": OVER_LIMIT, "note": f"over {limit_seconds:.0f} s of {CORES} cores"}
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is told in its row
        say(f"{cell.who} failed: {error}")
        return row | {"status": FAILED, "note": " ".join(f"{type(error).__name__}: {error}".split())[-NOTE_CHARACTERS:]}


def write_page() -> None:
    """Write the rows of the ledger to the results."""
    rows = list_comparable(read_ledger(LEDGER))
    if not rows:
        return
    command = shlex.join(["benchmarks/bench_peers.py", *sys.argv[1:]])
    figures = {"rows": rows, "place": {"command": command, **describe_machine()}}
    part = {"date": max(row["date"] for row in rows), "load": loads(rows), "figures": figures}
    comparisons = [compare(quantity, {"peers": part}) for quantity in QUANTITIES]
    write_results(RESULTS, comparisons, {"peers": part}, command, f"{len(rows)} rows", keep_place=True)
    for quantity, row in zip(QUANTITIES, comparisons, strict=True):
        if "peers" in quantity.parts:
            say(f"{row.verdict:7} {row.what}: {row.measured} ({row.limit})")


def loads(rows: list[Row]) -> str:
    """Say between which loads the rows were measured."""
    found = sorted(float(row["load"]) for row in rows)
    return f"{found[0]:.1f} to {found[-1]:.1f}"


if __name__ == "__main__":
    sys.exit(main())
