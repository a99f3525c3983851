"""Files of an earlier run that a later one takes over, with what is known of how they were made."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from casebook.caching.records import Records
from casebook.data.file_fingerprints import read_state
from casebook.run_folders.taking_over import link

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def inherit(source: Path, target: Path, places: Iterable[Path], nodes: Collection[str] = ()) -> None:
    """Let files of one run's folder lie in that of another, and copy their records.

    Args:
        source: folder of the earlier run.
        target: folder of the later one.
        places: of files or folders, within either.
        nodes: whose records are copied also where they have made no such file.
    """
    earlier, own = Records.of(source), Records.of(target)
    untouched = _untouched(earlier)
    wanted = {place for place in places if (source / place).exists()}
    for place in wanted:
        link(source / place, target / place)
    for node, made in earlier.made.items():
        files = {Path(path).relative_to(source): state for path, state in made.files.items()}
        if node in nodes or wanted & files.keys():
            # A link changes a file's times; one that was not as recorded stays known as such.
            fresh = {place for place in files.keys() & wanted if (node, str(source / place)) in untouched}
            own.made[node] = replace(
                made,
                files={
                    str(target / place): read_state(target / place) if place in fresh else state
                    for place, state in files.items()
                },
            )
    if own.made:
        own.write()


@contextmanager
def steady_records(folders: Iterable[Path]) -> Iterator[None]:
    """Keep the records of runs true while links to their files are made or removed, which changes the files' times."""
    before = [(records, _untouched(records)) for records in map(Records.of, folders)]
    yield
    for records, untouched in before:
        changed = False
        for node, path in untouched:
            files, state = records.made[node].files, read_state(Path(path))
            if state and state != files[path]:
                records.made[node] = replace(records.made[node], files={**files, path: state})
                changed = True
        if changed:
            records.write()


def _untouched(records: Records) -> set[tuple[str, str]]:
    """List the files that are as they were recorded, by node."""
    return {
        (node, path)
        for node, made in records.made.items()
        for path, state in made.files.items()
        if state == read_state(Path(path))
    }


def nodes_made(folder: Path) -> dict[str, list[Path]]:
    """List the nodes whose work is recorded in a run's folder -> the places in it of what they made."""
    return {
        node: [Path(path).relative_to(folder) for path in made.files] for node, made in Records.of(folder).made.items()
    }
