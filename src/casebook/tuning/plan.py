"""The plan of a study: all that a worker process needs, written as a JSON file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from casebook.config.paths import project_root
from casebook.config.schema import FREE_MAPPINGS
from casebook.config.schema.tuning import StudyParameters, name_judged
from casebook.config.tree import Tree, overlay, unflatten
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import optuna

    from casebook.tuning.study import StudyLocation

VARIANT = "variant"
# The storage of all studies of a shell, or of a cluster.
STORAGE_VARIABLE = "CASEBOOK_STUDY_STORAGE"


@dataclass(frozen=True)
class StudyPlan:
    """A study as one launch runs it.

    Attributes:
        case: its name.
        parameters: the case's parameters, the base of every trial.
        name: of the study.
        storage: its address.
        folder: of prepared splits.
        prepared: folder of the splits of the base.
        environment: Kedro's, for the catalog.
        fingerprint: of the raw files.
        run_id: of the study's run, in whose folder the files of the base lie.
        stamps: intermediate files -> their stamps when the study began (see `prepared_splits.stamp_file`).
        threads: of a worker.
        until: no trial is begun after this time (seconds since 1970); 0 for no limit.
    """

    case: str
    parameters: Tree
    name: str
    # With a password at times: no error of another library may show it.
    storage: str = field(repr=False)
    folder: str
    environment: str
    fingerprint: str
    run_id: str = ""
    prepared: str = ""
    stamps: Mapping[str, list[Any]] | None = None
    threads: int = 1
    until: float = 0.0

    @property
    def study(self) -> StudyParameters:
        """The `study` block."""
        return StudyParameters.model_validate(self.parameters["study"])

    @property
    def splits(self) -> str:
        """Name of the dataset of splits that trials are evaluated on."""
        return f"{self.case}.{'fold' if self.study.folds else 'validation'}_splits"

    @property
    def judged(self) -> str:
        """What a trial is judged by; see `name_judged`."""
        return name_judged(self.parameters)

    def make_pruner(self) -> optuna.pruners.BasePruner:
        """Create the study's pruner."""
        from casebook.tuning.samplers import make_pruner

        steps = self.study.folds or self.parameters["training"]["epochs"]
        return make_pruner(self.study.pruner, self.study.pruning, steps)

    def changed(self, **fields: Any) -> StudyPlan:  # noqa: ANN401 - any field
        """Return a copy with other values."""
        return replace(self, **fields)

    def write(self, file: Path) -> Path:
        """Write it as JSON, atomically."""
        with atomic_write(file) as path:
            path.write_text(json.dumps(asdict(self)))
        return file

    @classmethod
    def read(cls, file: Path) -> StudyPlan:
        """Read a plan that `write` has written."""
        return cls(**json.loads(file.read_text()))

    def open(self) -> StudyLocation:
        """Open the study's storage."""
        from casebook.tuning.study import open_location

        return open_location(self.storage, self.name)


def storage_address(case: str, given: str) -> str:
    """Return the address of a case's storage; where none is configured `CASEBOOK_STUDY_STORAGE`, else a journal."""
    named = given or os.environ.get(STORAGE_VARIABLE)
    return named or f"journal:///{project_root() / 'data' / '06_models' / case / 'study.journal'}"


def apply_trial_values(base: Mapping[str, Any], values: Mapping[str, Any]) -> Tree:
    """Overlay a trial's values on a case's parameters; the inputs are not modified.

    Args:
        base: the case's parameters.
        values: dotted name with the case in front -> value; one of them may be the name of a variant.
    """
    leaves = below_case(values)
    named = leaves.get(VARIANT, base.get(VARIANT))
    chosen = base["variants"].get(named, {}) if VARIANT in leaves else {}
    return overlay(overlay(base, chosen, FREE_MAPPINGS), leaves)


def below_case(values: Mapping[str, Any]) -> Tree:
    """Unflatten values by dotted name into the tree below the case's name."""
    return unflatten({name.partition(".")[2]: value for name, value in values.items()})
