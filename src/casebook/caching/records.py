"""What is known of files that nodes made: of what, and what the files looked like when they were whole."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.config.tree import differ
from casebook.runtime.atomic_files import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER = logging.getLogger(__name__)
MADE = "made.json"
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
        with written_whole(self.path) as path:
            path.write_text(json.dumps({node: _describe(one, self.path.parent) for node, one in self.made.items()}))


def _describe(made: Materialization, folder: Path) -> dict[str, Any]:
    """Return a record as JSON has it: paths by where they lie in the folder, so that they hold after a move."""
    inside = {path: Path(path).is_relative_to(folder) for path in made.files}
    files = {str(Path(path).relative_to(folder)) if inside[path] else path: made.files[path] for path in made.files}
    return {**asdict(made), "files": files}


def _restore(facts: dict[str, Any], folder: Path) -> Materialization:
    files = {str(folder / path): state for path, state in facts["files"].items()}
    return Materialization(**{**facts, "recipe": Lineage(**facts["recipe"]), "files": files})


def read_file_state(path: str) -> State:
    """Tell the state of a file, or of all files in a folder: size, times and place on the disk; empty when not there.

    The second time cannot be set by a user: whatever writes to a file or puts another in its place is seen.
    """
    root = Path(path)
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    seen = {str(file.relative_to(root)): file.stat() for file in files if file.exists()}
    return {name: [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for name, s in seen.items()}
