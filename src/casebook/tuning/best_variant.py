"""The best variant of a study, written where `kedro run` finds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from casebook.config.paths import conf_source, project_root
from casebook.config.resolve import BEST
from casebook.config.tree import overlay
from casebook.runtime.atomic_files import atomic_write
from casebook.tuning.plan import VARIANT, below_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.tuning.plan import StudyPlan


def best_file(case: str) -> Path:
    """Return the path of a case's best variant."""
    source = Path(conf_source())
    # An archive, or a store elsewhere, cannot be written to.
    return (source if source.is_dir() else project_root() / "conf") / "local" / case / f"parameters_{BEST}.yml"


def write_best(winner: Mapping[str, Any], plan: StudyPlan) -> None:
    """Write the winner's values as the variant `best`, with the study that they come from."""
    leaves = below_case(winner["values"])
    variant = {**plan.parameters["variants"].get(leaves.pop(VARIANT, ""), {})}
    told = {"study": {"winner_of": f"{winner['run_id']} trial {winner['trial']}"}}
    tree = {plan.case: {"variants": {BEST: overlay(overlay(variant, leaves), told)}}}
    with atomic_write(best_file(plan.case)) as path:
        path.write_text(
            f"# Written by the study {plan.name}; the next one replaces it.\n" + yaml.safe_dump(tree, sort_keys=False)
        )
