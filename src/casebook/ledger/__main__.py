"""`python -m casebook.ledger [CASE]`: run what is missing, then write docs/ledger.md from MLflow."""

from __future__ import annotations

import sys

from casebook.cases import CASES
from casebook.ledger.page import write_page
from casebook.ledger.plan import plan_rows
from casebook.ledger.runs import open_store, run_row
from casebook.locations import project_root, raw_is_named

PAGE = "docs/ledger.md"


def main(chosen: str = "all") -> None:
    """Run the rows of one case or of all, and write the page of all that is known.

    Raises:
        SystemExit: there is no such case, or no real files are named.
    """
    if chosen not in {"all", *CASES}:
        raise SystemExit(f"there is no case {chosen!r}; there are {', '.join(CASES)}")
    if not raw_is_named():
        raise SystemExit("the ledger is about the real files: name their folder, as in CASEBOOK_RAW=/path make ledger")
    client = open_store()
    for case in CASES if chosen == "all" else (chosen,):
        prepared_for = ""
        for row in plan_rows(case):
            prepared_for = run_row(client, row, prepared_for)
            # After each row: hours of runs may be broken off.
            write_page(project_root() / PAGE, client)
    sys.stdout.write(f"{PAGE} is written\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
