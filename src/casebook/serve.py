"""Serve a champion over HTTP from any folder: `python -m casebook.serve CASE [--port 5001] [--host 127.0.0.1]`."""

from __future__ import annotations

import argparse
import sys

from casebook.cases import CASES

MEGABYTE = 1 << 20


def main(arguments: list[str] | None = None) -> int:
    """Load the model and answer until the process is ended.

    Returns:
        1 when there is no model to answer with.
    """
    options = read_options(arguments)
    from casebook.champion import NoChampionError, load_champion, open_registry
    from casebook.learning.garbage import keep_for_good

    open_registry()
    try:
        champion = load_champion(options.case, options.alias)
    except NoChampionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    import uvicorn

    from casebook.serving.answers import warm_up
    from casebook.serving.app import create_app

    warm_up(champion)
    sys.stdout.write(f"{options.case} version {champion.version} (trained on {champion.origin or 'unknown rows'})\n")
    sys.stdout.flush()
    app = create_app(champion, options.most_megabytes * MEGABYTE)
    keep_for_good()
    uvicorn.run(
        app, host=options.host, port=options.port, access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=5
    )
    return 0


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m casebook.serve", description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--port", type=int, default=5001)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 answers other machines too, without any password")
    parser.add_argument("--alias", default="champion", help="or challenger, the newest version")
    parser.add_argument("--most-megabytes", type=int, default=16, help="of one request; larger ones get 413")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
