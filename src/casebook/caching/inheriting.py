"""Files of an earlier run that a later one takes over, with what is known of how they were made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from casebook.caching.records import Materialization, Records, State, read_file_state
from casebook.run_folders.taking_over import link

if TYPE_CHECKING:
    from collections.abc import Iterable


def inherit(source: Path, target: Path, places: Iterable[Path]) -> None:
    """Let files of one run's folder lie in that of another, and copy their records.

    Args:
        source: folder of the earlier run.
        target: folder of the later one.
        places: of files or folders, within either.
    """
    earlier, own = Records.of(source), Records.of(target)
    seen = {place: read_file_state(str(source / place)) for place in places}
    for place, state in seen.items():
        if state:
            link(source / place, target / place)
    for node, made in earlier.made.items():
        files = {Path(path).relative_to(source): state for path, state in made.files.items()}
        if seen.keys() & files.keys():
            earlier.made[node] = _restamp(made, source, files, seen)
            own.made[node] = _restamp(made, target, files, seen)
    if own.made:
        own.write()
        earlier.write()


def _restamp(made: Materialization, folder: Path, files: dict[Path, State], seen: dict[Path, State]) -> Materialization:
    """Bring a record up to date: a link changes a file's times; one that was not as recorded stays known as such."""
    found = {
        str(folder / place): read_file_state(str(folder / place)) if seen.get(place) == state else state
        for place, state in files.items()
    }
    return replace(made, files=found)


def nodes_made(folder: Path) -> dict[str, list[Path]]:
    """List the nodes of which a run's folder holds all that they made -> the places of that in the folder."""
    made = Records.of(folder).made
    whole = {node: [Path(path) for path in one.files] for node, one in made.items()}
    return {node: [path.relative_to(folder) for path in paths] for node, paths in whole.items()}
