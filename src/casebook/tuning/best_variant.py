"""The winner of a study as a variant that `kedro run` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from casebook.config.best_file import BEST, END, PROMISE, best_file
from casebook.config.tree import overlay
from casebook.runtime.atomic_files import written_whole
from casebook.tuning.plan import VARIANT, below_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.tuning.plan import StudyPlan


def write_best(winner: Mapping[str, Any], plan: StudyPlan) -> None:
    """Write the winner's values as the variant `best`, with the study that they come from."""
    leaves = below_case(winner["values"])
    variant = {**plan.parameters["variants"].get(leaves.pop(VARIANT, ""), {})}
    told = {"study": {"winner_of": f"{winner['run_id']} trial {winner['trial']}"}}
    tree = {plan.case: {"variants": {BEST: overlay(overlay(variant, leaves), told)}}}
    with written_whole(best_file(plan.case)) as path:
        path.write_text(f"# Written by the study {plan.name}{PROMISE}\n{yaml.safe_dump(tree, sort_keys=False)}{END}")
