"""Records of what nodes made: its lineage, and the state of the files when they were whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.caching.lineage import Lineage
from casebook.config.paths import project_root
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.data.file_fingerprints import State


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
    """All records of a case, in a file beside its tables."""

    path: Path
    made: dict[str, Materialization] = field(default_factory=dict)

    @classmethod
    def of(cls, case: str) -> Records:
        """Read a case's records; a file that cannot be read holds none."""
        path = project_root() / "data" / "02_intermediate" / case / ".made.json"
        try:
            kept = json.loads(path.read_text())
            made = {node: _restore(facts) for node, facts in kept.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            made = {}
        return cls(path, made)

    def add(self, node: str, made: Materialization) -> None:
        """Add what a node made in place of its last record, and write the file."""
        self.made[node] = made
        with atomic_write(self.path) as path:
            path.write_text(json.dumps({name: _describe(one) for name, one in self.made.items()}))


def _describe(made: Materialization) -> dict[str, Any]:
    """Return a record as JSON has it: paths in the project by where they lie in it, so that they hold after a move."""
    root = project_root()
    inside = {path: Path(path).is_relative_to(root) for path in made.files}
    files = {str(Path(path).relative_to(root)) if inside[path] else path: made.files[path] for path in made.files}
    return {**asdict(made), "files": files}


def _restore(facts: dict[str, Any]) -> Materialization:
    files = {str(project_root() / path): state for path, state in facts["files"].items()}
    return Materialization(**{**facts, "lineage": Lineage(**facts["lineage"]), "files": files})
