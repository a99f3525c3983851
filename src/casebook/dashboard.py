"""Open optuna-dashboard on the study of a case: `python -m casebook.dashboard [CASE] [PORT]`."""

from __future__ import annotations

import sys

from casebook.cases import CASES
from casebook.configuration import open_configuration
from casebook.learning.search.storage import JOURNAL, open_storage
from casebook.locations import project_root
from casebook.study.plan import storage_of


def find_storage(case: str) -> str:
    """Give the address of a case's storage.

    Raises:
        SystemExit: there is no such case, or no study of it has been begun.
    """
    if case not in CASES:
        raise SystemExit(f"there is no case {case!r}; there are {', '.join(CASES)}")
    address = storage_of(case, open_configuration()["parameters"][case]["study"].get("storage", ""))
    file = address.removeprefix(JOURNAL)
    if file != address and not (project_root() / file).exists():
        raise SystemExit(f"no study of {case} has been begun here; begin one with kedro run --pipeline={case}_study")
    return address


def main(case: str = "redhat", port: str = "8080") -> None:
    """Serve the dashboard on loopback until it is stopped."""
    from optuna_dashboard import run_server

    storage = open_storage(find_storage(case))
    sys.stdout.write(f"http://127.0.0.1:{port}\n")
    run_server(storage, host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:3])
