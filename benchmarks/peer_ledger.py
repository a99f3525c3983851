"""The rows that `make bench-peers` has measured, a line of JSON each, so that a measuring that was killed goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

# `table`, `seed`, `who` and `status`; of one that is measured `scores`, seconds, memory and `rows`, the fingerprint of
# the test rows; of one that is not `note`.
Row = dict[str, Any]

CASEBOOK = "casebook"
OK, FAILED, OVER_LIMIT = "ok", "failed", "over the limit"


class Cell(NamedTuple):
    """What is measured once: one who is fitted to one table with one seed."""

    table: str
    seed: int
    who: str


def read_ledger(file: Path) -> dict[Cell, Row]:
    """Read the newest row of each cell; a line that a kill has cut says nothing."""
    found: dict[Cell, Row] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[Cell(row["table"], row["seed"], row["who"])] = row
    return found


def append_row(file: Path, row: Row) -> None:
    """Add a row, on a line of its own even where the last one was cut."""
    file.parent.mkdir(parents=True, exist_ok=True)
    cut = file.exists() and not file.read_bytes().endswith(b"\n")
    with file.open("a", encoding="utf-8") as ledger:
        ledger.write("\n" * cut + json.dumps(row) + "\n")


def is_current(row: Row | None, own: Row | None, limit_seconds: float) -> bool:
    """Check whether a peer's row need not be measured anew.

    Args:
        row: of the peer; None where there is none.
        own: casebook's of the same table and seed.
        limit_seconds: that a peer may take now.

    Returns:
        Whether it is of the same test rows as casebook's, and would not get more time than it had.
    """
    if row is None or own is None or row["rows"] != own["rows"]:
        return False
    return bool(row["status"] != OVER_LIMIT or row["limit_seconds"] >= limit_seconds)


def list_pending(
    ledger: dict[Cell, Row],
    wanted: Iterable[tuple[str, int]],
    peers: Sequence[str],
    limit_seconds: float,
    exported: Collection[tuple[str, int]] = (),
    commit: str = "",
    again: Collection[str] = (),
) -> list[Cell]:
    """List what is to be measured, casebook before the peers that get its rows.

    Args:
        ledger: what is measured.
        wanted: tables and seeds.
        peers: names.
        limit_seconds: that a peer may take.
        exported: tables and seeds of which the rows are there; without them casebook runs once more.
        commit: of the code that is there.
        again: whose rows of another commit are measured anew.
    """
    pending: list[Cell] = []
    for number, (table, seed) in enumerate(wanted):
        own = ledger.get(Cell(table, seed, CASEBOOK))
        if own and own["status"] != OK and own["commit"] == commit:
            # Without casebook's rows there is nothing to measure a peer on.
            continue
        rows = {who: ledger.get(Cell(table, seed, who)) for who in peers}
        due = [
            who
            for who, row in rows.items()
            if not is_current(row, own, limit_seconds) or (who in again and row and row["commit"] != commit)
        ]
        stale = own is None or own["status"] != OK or (CASEBOOK in again and own["commit"] != commit)
        if stale or (due and (table, seed) not in exported):
            pending.append(Cell(table, seed, CASEBOOK))
        # The order of the peers turns with each round, so that none is always measured right after casebook.
        pending += [Cell(table, seed, who) for who in (reversed(due) if number % 2 else due)]
    return pending


def list_comparable(ledger: dict[Cell, Row]) -> list[Row]:
    """List casebook's rows and those of peers on the same test rows."""
    return [
        row
        for cell, row in ledger.items()
        if cell.who == CASEBOOK or is_current(row, ledger.get(cell._replace(who=CASEBOOK)), 0.0)
    ]
