"""What is known of files that nodes made: of what, and what the files looked like when they were whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.config.paths import project_root
from casebook.config.tree import differ
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping

State = dict[str, list[int]]


@dataclass(frozen=True)
class Lineage:
    """What a node's outputs depend on.

    Attributes:
        code: hash of the node's code, and of the code that reads and writes its data.
        parameters: dotted key -> value.
        inputs: dataset -> what it is made of: a hash of its own recipe, or of a raw file.
    """

    code: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]

    def differences(self, earlier: Lineage, node: str) -> list[str]:
        """Say what changed since an earlier recipe, by the names that users know."""
        told = ["its code changed"] if self.code != earlier.code else []
        told += [f"{key} changed" for key, _, _ in differ(earlier.parameters, self.parameters)]
        return told + [f"{name} changed" for name, _, _ in differ(earlier.inputs, self.inputs)] or [f"{node} changed"]


@dataclass(frozen=True)
class Materialization:
    """What a node made.

    Attributes:
        recipe: of what.
        files: path -> states of the file, or of the files in the folder.
        metrics: dataset -> values that went into the run.
        when: as a person reads it.
    """

    recipe: Lineage
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
        # As JSON gives it back, so that tuples and lists compare alike.
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
    return Materialization(**{**facts, "recipe": Lineage(**facts["recipe"]), "files": files})


def read_file_state(path: str) -> State:
    """Tell the state of a file, or of all files in a folder: size, times and place on the disk; empty when not there.

    The second time cannot be set by a user: whatever writes to a file or puts another in its place is seen.
    """
    root = Path(path)
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    seen = {str(file.relative_to(root)): file.stat() for file in files if file.exists()}
    return {name: [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for name, s in seen.items()}
