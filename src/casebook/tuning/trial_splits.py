"""The prepared splits that a trial is trained on, with its checked parameters."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.config.resolve import check_case
from casebook.tuning.plan import apply_trial_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.config.tree import Tree
    from casebook.tuning.plan import StudyPlan
    from casebook.tuning.prepared_splits import SplitStore


class TrialSplits:
    """Finds the splits of trials on this machine, and computes those that are not there yet."""

    def __init__(self, plan: StudyPlan) -> None:
        """Store the plan, with the folder of the splits of its base."""
        self._plan = plan

    @cached_property
    def _store(self) -> SplitStore:
        # Kedro is not needed while only the training varies.
        from casebook.tuning.data_graph import open_splits

        return open_splits(self._plan)

    def find(self, values: Mapping[str, Any]) -> tuple[Tree, Path]:
        """Return the case's parameters with a trial's values, and the folder of its splits."""
        case, parameters = self._plan.case, apply_trial_values(self._plan.parameters, values)
        if all(name.startswith(f"{case}.training.") for name in values):
            return parameters, Path(self._plan.prepared)
        parameters = check_case(case, parameters)
        return parameters, self._store.find(self._plan.splits, {case: parameters})
