"""Creating and joining Optuna studies; one whose definition has changed is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import optuna

from casebook.config.schema import NOT_CONDITIONS
from casebook.config.tree import differ
from casebook.tuning.hyperparameters import SpaceError
from casebook.tuning.storage import lock_study, open_storage, quiet_optuna
from casebook.tuning.trials import SETTING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from optuna.storages import BaseStorage

    from casebook.config.schema.tuning import Direction

DEFINITION = "definition"
RUN = "mlflow.run_id"
ENQUEUED = "enqueued"


@dataclass(frozen=True)
class StudyLocation:
    """Location of a study: its storage and name.

    Attributes:
        storage: opened.
        address: of the storage.
        name: of the study.
    """

    storage: BaseStorage
    address: str
    name: str

    def lock(self) -> Any:  # noqa: ANN401 - a context manager
        """Lock the study; see `storage.lock_study`."""
        return lock_study(self.storage, self.address, self.name)

    def load(self, **strategies: Any) -> optuna.Study:  # noqa: ANN401 - sampler and pruner
        """Load the study."""
        return optuna.load_study(study_name=self.name, storage=self.storage, **strategies)


def open_location(address: str, name: str) -> StudyLocation:
    """Open the storage of a study."""
    quiet_optuna()
    return StudyLocation(open_storage(address), address, name)


def create_or_join_study(
    location: StudyLocation,
    directions: list[Direction],
    definition: Mapping[str, Any],
    first: list[dict[str, Any]],
    open_run: Callable[[], str],
) -> str:
    """Create a study, or join the existing one if it has the same definition.

    Args:
        location: its location.
        directions: one for each metric.
        definition: what makes two launches one study: space, metrics, base parameters, data.
        first: trials to enqueue before all others, in Optuna's names and values.
        open_run: creates the MLflow run that is the parent of the trials' runs, when the study is new.

    Returns:
        The id of the study's run.

    Raises:
        SpaceError: the existing study has another definition.
    """
    kept = json.loads(json.dumps(definition, sort_keys=True))
    with location.lock():
        study = optuna.create_study(
            study_name=location.name, storage=location.storage, directions=directions, load_if_exists=True
        )
        attributes = study.user_attrs
        known, present = (_without_uses(told) for told in (attributes.get(DEFINITION, kept), kept))
        if known != present:
            raise SpaceError(_describe_changes(location.name, known, present))
        if DEFINITION not in attributes:
            study.set_user_attr(DEFINITION, kept)
        # Each step is marked when it is done: a launch that died between them is made good by the next.
        if ENQUEUED not in attributes:
            for values in first[len(study.get_trials(deepcopy=False)) :]:
                study.enqueue_trial(values, user_attrs={SETTING: values})
            study.set_user_attr(ENQUEUED, len(first))
        if RUN not in attributes:
            study.set_user_attr(RUN, open_run())
        return str(study.user_attrs[RUN])


def _without_uses(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out parameters by which no trial goes: earlier versions wrote them down too."""
    parameters = definition.get("parameters", {})
    return {**definition, "parameters": {n: value for n, value in parameters.items() if n not in NOT_CONDITIONS}}


def _describe_changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Describe what differs between two definitions, leaf by leaf."""
    changed = sorted(differ(old, new), key=itemgetter(0))
    shown = "; ".join(f"{key}: {before!r} -> {after!r}" for key, before, after in changed[:8])
    more = f" and {len(changed) - 8} more" if len(changed) > 8 else ""
    return f"study {name!r} was begun with another definition: {shown}{more}. Give it a new name (study.name=...)"
