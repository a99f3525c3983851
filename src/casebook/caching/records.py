"""Records of what nodes made: lineage, and the state of the files when they were complete."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.caching.lineage import Lineage
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.data.file_fingerprints import State

LOGGER = logging.getLogger(__name__)
MADE = "made.json"


@dataclass(frozen=True)
class Materialization:
    """What a node made.

    Attributes:
        lineage: code, parameters and inputs that it was made of.
        files: path -> state of the file, or of the files in the folder.
        metrics: dataset -> values that went into the run.
        when: as a person reads it.
    """

    lineage: Lineage
    files: Mapping[str, State]
    metrics: Mapping[str, Mapping[str, float]]
    when: str


@dataclass
class Records:
    """All records of a run, in a file in its folder."""

    path: Path
    made: dict[str, Materialization] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Records:
        """Read the records in a run's folder; a file that cannot be read holds none, which is said."""
        path, made = folder / MADE, {}
        try:
            kept = json.loads(path.read_text())
            made = {node: _restore(facts, folder) for node, facts in kept.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            LOGGER.warning("%s cannot be read (%s): nothing of that run is reused, all is made anew", path, error)
        return cls(path, made)

    def add(self, node: str, made: Materialization) -> None:
        """Add what a node made in place of its last record, and write the file."""
        self.made[node] = made
        self.write()

    def write(self) -> None:
        """Write the file."""
        with atomic_write(self.path) as path:
            path.write_text(json.dumps({node: _describe(one, self.path.parent) for node, one in self.made.items()}))


def _describe(made: Materialization, folder: Path) -> dict[str, Any]:
    """Return a record as JSON has it: paths by where they lie in the folder, so that they hold after a move."""
    inside = {path: Path(path).is_relative_to(folder) for path in made.files}
    files = {str(Path(path).relative_to(folder)) if inside[path] else path: made.files[path] for path in made.files}
    return {**asdict(made), "files": files}


def _restore(facts: dict[str, Any], folder: Path) -> Materialization:
    files = {str(folder / path): state for path, state in facts["files"].items()}
    return Materialization(**{**facts, "lineage": Lineage(**facts["lineage"]), "files": files})
